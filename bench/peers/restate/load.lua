-- For wrk: every connection calls the workflow and waits for its result, again and again. Prints
-- "WORKFLOWS_PER_SECOND P50_MICROSECONDS" as its last line; anything that went wrong ends the run.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = "39"

-- Threads cannot reach done(), so a wrong answer is reported as it happens.
function response(status, _, body)
  if status ~= 200 or body ~= "42" then
    io.stderr:write("wrk: answer ", status, ": ", body, "\n")
    os.exit(1)
  end
end

function done(summary, latency)
  local errors = summary.errors
  if errors.connect + errors.read + errors.write + errors.timeout > 0 then
    io.stderr:write("wrk: sockets failed or timed out\n")
    os.exit(1)
  end
  local seconds = summary.duration / 1e6
  print(string.format("%.1f %.0f", summary.requests / seconds, latency:percentile(50)))
end
