// What most programs need. Not included: <reprise/json.h> and <reprise/protobuf.h>, which make
// types payloads, <reprise/replayer.h>, <reprise/cli.h>, and <reprise/testing/env.h>.
#pragma once
#include <reprise/activity_context.h>
#include <reprise/channel.h>
#include <reprise/child.h>
#include <reprise/client.h>
#include <reprise/codec.h>
#include <reprise/completion.h>
#include <reprise/context.h>
#include <reprise/definitions.h>
#include <reprise/engine.h>
#include <reprise/error.h>
#include <reprise/external.h>
#include <reprise/failure.h>
#include <reprise/guard.h>
#include <reprise/history.h>
#include <reprise/interceptor.h>
#include <reprise/metrics.h>
#include <reprise/options.h>
#include <reprise/pending.h>
#include <reprise/saga.h>
#include <reprise/sent_messages.h>
#include <reprise/settings.h>
#include <reprise/sync.h>
#include <reprise/table.h>
#include <reprise/time.h>
#include <reprise/worker.h>
