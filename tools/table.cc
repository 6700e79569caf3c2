#include "tools/table.h"

#include <algorithm>
#include <cstdio>

namespace reprise::tools {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // of a column that was shrunk

}  // namespace

Table::Layout Table::fit(std::size_t width, bool heading) const {
  Layout layout;
  layout.shown.assign(columns_.size(), true);
  for (const Column& column : columns_) {
    layout.widths.push_back(heading ? column.heading.size() : 0);
  }
  for (const Line& line : lines_) {
    for (std::size_t i = 0; i < line.cells.size(); ++i) {
      layout.widths[i] = std::max(layout.widths[i], display_width(line.cells[i].text));
    }
  }
  const auto excess = [&] {
    std::size_t total = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (layout.shown[i]) total += layout.widths[i] + kGap;
    }
    return width == 0 || total <= width + kGap ? 0 : total - width - kGap;
  };
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::size_t smallest = std::max(kNarrowest, columns_[i].heading.size());
    if (!columns_[i].shrinks || layout.widths[i] <= smallest) continue;
    layout.widths[i] -= std::min(excess(), layout.widths[i] - smallest);
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (excess() > 0 && columns_[i].can_miss) layout.shown[i] = false;
  }
  return layout;
}

void Table::print_row(const std::vector<Cell>& cells,
                      const Layout& layout,
                      const Paint& paint) const {
  std::string line;
  std::size_t owed = 0;  // spaces, unless nothing follows
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!layout.shown[i]) continue;
    const std::string text = cut_to_width(cells[i].text, layout.widths[i]);
    const std::size_t rest = layout.widths[i] - std::min(layout.widths[i], display_width(text));
    if (columns_[i].right) owed += rest;
    if (!text.empty()) {
      line.append(owed, ' ');
      line += paint(cells[i].colour, text);
      owed = 0;
    }
    if (!columns_[i].right) owed += rest;
    owed += kGap;
  }
  std::printf("%s\n", line.c_str());
}

void Table::print(const Paint& paint, std::size_t width, bool heading) const {
  const Layout layout = fit(width, heading);
  if (heading) {
    std::vector<Cell> headings;
    for (const Column& column : columns_) headings.emplace_back(column.heading, Colour::kBold);
    print_row(headings, layout, paint);
  }
  for (const Line& line : lines_) {
    if (!line.cells.empty()) {
      print_row(line.cells, layout, paint);
    } else {
      std::printf("%s\n", paint(line.note.colour, line.note.text).c_str());
    }
  }
}

}  // namespace reprise::tools
