#include "tools/commands.h"

#include "tools/audit_command.h"
#include "tools/backup_command.h"
#include "tools/batch_command.h"
#include "tools/check_command.h"
#include "tools/completion_command.h"
#include "tools/end_command.h"
#include "tools/export_command.h"
#include "tools/history_command.h"
#include "tools/import_command.h"
#include "tools/incidents_command.h"
#include "tools/limits_command.h"
#include "tools/list_command.h"
#include "tools/message_command.h"
#include "tools/new_key_command.h"
#include "tools/pause_command.h"
#include "tools/repair_command.h"
#include "tools/reset_command.h"
#include "tools/retry_command.h"
#include "tools/schedule_command.h"
#include "tools/show_command.h"
#include "tools/start_command.h"
#include "tools/stats_command.h"
#include "tools/tables_command.h"
#include "tools/tail_command.h"
#include "tools/why_command.h"

namespace reprise::tools {

void add_commands(CLI::App& app, const base::Clock& clock) {
  app.require_subcommand(1);
  add_list_command(app, clock);
  add_show_command(app, clock);
  add_why_command(app, clock);
  add_incidents_command(app, clock);
  add_tail_command(app);
  add_stats_command(app, clock);
  add_limits_command(app);
  add_tables_command(app);
  add_history_command(app);
  add_audit_command(app);
  add_export_command(app);
  add_import_command(app);
  add_message_commands(app);
  add_completion_commands(app);
  add_end_commands(app);
  add_pause_commands(app);
  add_reset_commands(app);
  add_start_command(app);
  add_retry_command(app);
  add_schedule_command(app, clock);
  add_batch_command(app);
  add_check_command(app);
  add_backup_command(app);
  add_repair_command(app);
  add_new_key_command(app);
}

}  // namespace reprise::tools
