// human_task: an order waits for a person, who decides in a second program.
//
//   $ ./human_task order-7     prints where the desk finds its task, and waits for the decision.
//                              Kill it and start it again: the task is still there, and valid
//
// In another terminal, whether the first program runs or not:
//
//   $ reprise complete human_task.db "$(cat desk/order-7)" --json true
//
// The desk is a directory here; it could be a mail, a ticket or a page with two buttons. Whoever
// has the token may decide, once.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "refund.h"

namespace {

// Puts the task on the desk: its name appears when its content is complete.
void put_on_desk(const std::string& order, const std::string& token) {
  std::filesystem::create_directories("desk");
  std::ofstream("desk/." + order) << token << std::flush;
  std::filesystem::rename("desk/." + order, "desk/" + order);
}

void implement(reprise::Worker& worker) {
  worker.implement(human_task::refund, human_task::run_refund);
  worker.implement_async(human_task::ask_desk,
                         [](reprise::ActivityContext&, reprise::Completion<bool> decision,
                            const std::string& order) { put_on_desk(order, decision.token()); });
  worker.implement(human_task::pay_back, [](reprise::ActivityContext&, const std::string& order) {
    std::cout << "paying back " << order << std::endl;
  });
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2 || argv[1][0] == '-') {
    std::cerr << "usage: human_task ORDER\n";
    return 2;
  }
  const std::string order = argv[1];
  const std::unique_ptr<reprise::Engine> engine = reprise::Engine::open("human_task.db");
  reprise::Worker worker(*engine);
  implement(worker);
  worker.start();

  reprise::Client client(*engine);
  const auto run = client.start(human_task::refund(order),
                                {.id = order, .id_reuse = reprise::IdReuse::kUseExisting});
  std::cout << "the desk has to decide: see desk/" << order << std::endl;
  std::cout << run.result() << std::endl;
} catch (const reprise::Error& error) {  // another process has the store, the disk is full...
  std::cerr << error.what() << std::endl;
  return 1;
}
