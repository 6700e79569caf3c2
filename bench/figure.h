// What a load reports.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace reprise::bench {

// What the disk and LMDB allow, for comparison with a figure (floor.h).
struct Floors {
  std::optional<double> reference{};   // with 200 bytes per event
  std::optional<double> same_bytes{};  // with the bytes that our own log writes for that load
};

struct Figure {
  std::string name;  // the load's, with a suffix when it reports several figures
  double value = 0;
  std::string unit;
  Floors floors{};
  // Processor time of the whole process, user and system, per workflow (or what the load counts).
  std::optional<double> cpu_us{};
  // Of the thread that submits, which is part of it.
  std::optional<double> client_cpu_us{};
};

using Figures = std::vector<Figure>;

// {"name", "value", "unit", "floor", "ratio", "floor_same_bytes", "ratio_same_bytes", "cpu_us",
// "client_cpu_us"}; null where there is none. The floor is the reference if there is one, else the
// one with the same bytes. A ratio is value / floor: for a rate the share of the floor that is
// reached, for a duration or a size how many times the floor it is.
nlohmann::ordered_json to_json(const Figure& figure);
Figure figure_from_json(const nlohmann::ordered_json& json);

// A line of a table, and the line above it.
std::string table_head();
std::string table_line(const Figure& figure);

}  // namespace reprise::bench
