-- Nobody gossips. The blocks above safe come over RPC from the node that is followed, one by one and
-- each proved to sit on our head; what that node claims of another branch is not taken.
local follow = use "common/follow"

return {
  id = "UNS-15",
  title = "Unsafe blocks over RPC instead of gossip",
  priority = "P1",
  applies = "L",
  variants = {"A"},
  fixtures = {"devnet-forks"},
  covers = {"R-3.4", "I-03", "I-06"},

  run = function(w)
    local safe, finalized = w:at(200), w:at(100)
    follow.converged(w, safe, safe, finalized)
    w:source{unsafe = safe + 80}
    w:start{args = {"--unsafe.source={source}"}}
    w:within(8, "the head is the source's", function() return w:label("latest") == safe + 80 end)
    w:expect("every block went in by itself", #w:calls("engine", "engine_newPayload*"), 80)
    w:advance{unsafe = 3, safe = 2}
    w:within(4, "it goes on", function() return w:label("latest") == safe + 83 end)
    follow.settle(w, 2, "and safe with it")

    w:fault("source", {kind = "http", method = "eth_getBlockByNumber", probability = 0.3})
    w:advance{unsafe = 20, safe = 5}
    w:within(20, "a flaky node does", function() return w:label("latest") == safe + 103 end)
    w:clear("source")
    follow.settle(w, 4)

    -- Its head goes over to a fork below ours; its safe block has not.
    local head, from = w:label("latest"), w:mark()
    local fork = w:fork("x", head - 10, 20)
    w:source{unsafe = fork}
    w:wait(6)
    w:expect("the head stands", w:label("latest"), head)
    w:expect("nothing of the fork reached the engine", #w:calls("engine", "engine_newPayload*", from), 0)
    w:engine{knows = fork}
    w:source{unsafe = fork, safe = fork - 2}
    w:within(6, "the fork is followed when it is safe", function() return w:label("safe") == fork - 2 end)
    w:within(4, "and its head", function() return w:label("latest") == fork end)
  end,
}
