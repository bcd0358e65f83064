-- What wrk asks: reads of every kind a consensus node makes, in turns, and a few batches.
local calls = {
    '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
    '{"jsonrpc":"2.0","id":2,"method":"eth_getBlockByNumber","params":["latest",false]}',
    '{"jsonrpc":"2.0","id":3,"method":"eth_getBlockByNumber","params":["0x1",true]}',
    '{"jsonrpc":"2.0","id":4,"method":"eth_syncing","params":[]}',
    '{"jsonrpc":"2.0","id":5,"method":"eth_unknown","params":[]}',
    '[{"jsonrpc":"2.0","id":6,"method":"eth_blockNumber"},{"jsonrpc":"2.0","id":7,"method":"net_version"}]',
}
local turn = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
    turn = turn % #calls + 1
    return wrk.format(nil, "/", nil, calls[turn])
end

function done(summary, latency, _)
    local e = summary.errors
    io.write(string.format("wrk requests %d errors %d slowest_ms %.0f\n", summary.requests,
        e.connect + e.read + e.write + e.status + e.timeout, latency.max / 1000))
end
