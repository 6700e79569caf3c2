#include "bench/figure.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace reprise::bench {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const std::optional<double>& number) {
  return number ? Json(*number) : Json(nullptr);
}

std::optional<double> number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::nullopt;
  return found->get<double>();
}

// Where 200 bytes per event would not be comparable, the floor with the same bytes is the only one.
const std::optional<double>& main_floor(const Floors& floors) {
  return floors.reference ? floors.reference : floors.same_bytes;
}

std::optional<double> ratio(double value, const std::optional<double>& floor) {
  if (!floor || *floor == 0) return std::nullopt;
  return value / *floor;
}

// Three or more significant digits, no exponent.
std::string text_of(const std::optional<double>& number) {
  if (!number) return {};
  const double magnitude = std::fabs(*number);
  char text[64];
  std::snprintf(text, sizeof text,
                magnitude < 10    ? "%.2f"
                : magnitude < 100 ? "%.1f"
                                  : "%.0f",
                *number);
  return text;
}

template <class... Text>
std::string columns(const Text&... text) {
  char line[256];
  std::snprintf(line, sizeof line, "%-30s %12s  %-12s %12s %6s %12s %6s %9s", text.c_str()...);
  return line;
}

}  // namespace

Json to_json(const Figure& figure) {
  const Floors& floors = figure.floors;
  return {{"name", figure.name},
          {"value", figure.value},
          {"unit", figure.unit},
          {"floor", json_of(main_floor(floors))},
          {"ratio", json_of(ratio(figure.value, main_floor(floors)))},
          {"floor_same_bytes", json_of(floors.same_bytes)},
          {"ratio_same_bytes", json_of(ratio(figure.value, floors.same_bytes))},
          {"cpu_us", json_of(figure.cpu_us)},
          {"client_cpu_us", json_of(figure.client_cpu_us)}};
}

Figure figure_from_json(const Json& json) {
  return {.name = json.at("name"),
          .value = json.at("value"),
          .unit = json.at("unit"),
          .floors = {.reference = number_of(json, "floor"),
                     .same_bytes = number_of(json, "floor_same_bytes")},
          .cpu_us = number_of(json, "cpu_us"),
          .client_cpu_us = number_of(json, "client_cpu_us")};
}

std::string table_head() {
  const auto text = [](const char* word) { return std::string(word); };
  return columns(text("figure"), text("value"), text("unit"), text("floor"), text("ratio"),
                 text("same bytes"), text("ratio"), text("CPU us"));
}

std::string table_line(const Figure& figure) {
  const Floors& floors = figure.floors;
  return columns(figure.name, text_of(figure.value), figure.unit, text_of(main_floor(floors)),
                 text_of(ratio(figure.value, main_floor(floors))), text_of(floors.same_bytes),
                 text_of(ratio(figure.value, floors.same_bytes)), text_of(figure.cpu_us));
}

}  // namespace reprise::bench
