// tracing: one trace from a client through a workflow and its activities to a child.
//
//   $ ./tracing order-7     runs the order and prints each span as it ends: its name, the trace,
//                           its own id and that of its parent
//
// The spans of one order have the same trace id. `reprise history tracing.db order-7` shows the
// headers in which it travels.
#include <cstdio>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>

#include "parcel.h"
#include "tracing.h"

namespace {

// A real program would give spans to OpenTelemetry here.
void print(const tracing::Span& span) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::cout << span.context.trace_id << " " << span.context.span_id << " "
            << (span.parent_id.empty() ? "-" : span.parent_id) << " " << span.name
            << (span.failed ? " (failed)" : "") << std::endl;
}

std::string random_id() {
  static std::mutex mutex;
  static std::mt19937_64 random{std::random_device{}()};
  const std::lock_guard lock(mutex);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(random() | 1));
  return digits;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "usage: tracing ORDER\n";
    return 2;
  }
  const std::string id = argv[1];
  const auto tracer = std::make_shared<tracing::Tracing>(print, random_id);
  const std::unique_ptr<reprise::Engine> engine = reprise::Engine::open("tracing.db");
  reprise::Worker worker(*engine, {.interceptors = {tracer}});
  worker.implement(tracing::order, tracing::run_order);
  worker.implement(tracing::ship, tracing::run_ship);
  worker.implement(tracing::reserve, [](reprise::ActivityContext&, const std::string&) {});
  worker.implement(tracing::print_label, [](reprise::ActivityContext&, const std::string& order) {
    return "L-" + order;
  });
  worker.start();

  const reprise::Client client(*engine, {.interceptors = {tracer}});
  const auto run =
      client.start(tracing::order(id), {.id = id, .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << run.result() << std::endl;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
