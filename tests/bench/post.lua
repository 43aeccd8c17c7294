-- wrk: posts the forms of the file FORMS one after the other, so that no two webhooks in a row are equal.
-- Ends with one line for the runner: counts, and latencies in microseconds.
local requests, sent = {}, 0

function init()
    local headers = {
        ["Host"] = "bench",
        ["Content-Type"] = "application/x-www-form-urlencoded",
    }
    for form in io.lines(os.getenv("FORMS")) do
        requests[#requests + 1] = wrk.format("POST", "/events/call", headers, form)
    end
end

function request()
    sent = sent % #requests + 1
    return requests[sent]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\nRESULT {"requests":%d,"us":%d,"p50":%d,"p99":%d,"max":%d,"refused":%d,"errors":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        latency.max, e.status, e.connect + e.read + e.write + e.timeout))
end
