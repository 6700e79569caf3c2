// Aligned columns, with lines of text between rows where more room is needed.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "tools/console.h"

namespace reprise::tools {

struct Column {
  std::string heading;
  bool right = false;     // aligned
  bool shrinks = false;   // may be cut when the terminal is narrow
  bool can_miss = false;  // is left out when the terminal is still too narrow
};

// Keeps its rows in memory until it is printed. One thread.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  struct Cell {
    Cell(std::string safe_text,
         Colour its_colour = Colour::kNone)  // NOLINT(google-explicit-constructor)
        : text(std::move(safe_text)), colour(its_colour) {}
    std::string text;  // safe
    Colour colour;
  };
  void add(std::vector<Cell> row) { lines_.push_back({std::move(row), Cell("")}); }
  // Goes below the row added last.
  void add_note(std::string text, Colour colour = Colour::kNone) {
    lines_.push_back({{}, Cell(std::move(text), colour)});
  }

  bool empty() const { return lines_.empty(); }
  // To stdout. `width`: columns of the terminal; 0: no limit.
  void print(const Paint& paint, std::size_t width, bool heading = true) const;

 private:
  struct Line {
    std::vector<Cell> cells;  // empty: a note
    Cell note;
  };
  struct Layout {
    std::vector<std::size_t> widths;
    std::vector<bool> shown;
  };
  Layout fit(std::size_t width, bool heading) const;
  void print_row(const std::vector<Cell>& cells, const Layout& layout, const Paint& paint) const;

  std::vector<Column> columns_;
  std::vector<Line> lines_;
};

}  // namespace reprise::tools
