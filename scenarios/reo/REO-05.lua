-- A source behind a load balancer falls back on the same chain, three times. That is no reorg: neither
-- the engine's labels nor what the node says may go back, also when the node is started again just
-- then.
local follow = use "common/follow"

return {
  id = "REO-05",
  title = "Plain regress on the same chain is not followed",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-04", "I-05", "I-28", "P-1"},
  known_deviations = {{cl = "op-node", what = "a restart beside a lagging source takes the engine's labels back",
                       link = "https://github.com/ethereum-optimism/optimism/issues/20294"}},

  run = function(w)
    local safe, finalized = w:at(350), w:at(60)
    follow.converged(w, safe, safe, finalized)
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    w:never("a label of the engine goes back", function()
      local s, f = w:label("safe"), w:label("finalized")
      return not (s and f and safe:is_ancestor_of(s) and finalized:is_ancestor_of(f))
    end)
    for _ = 1, 3 do
      w:source{unsafe = safe, safe = safe - 5, finalized = finalized - 20}
      w:wait(3)
      w:source{unsafe = safe, safe = safe, finalized = finalized}
      w:wait(2)
    end
    w:source{unsafe = safe, safe = safe - 5, finalized = finalized - 20}
    w:restart()
    w:within(2, "the node is up again", function() return w:status() ~= nil end)
    w:wait(3)
    w:source{unsafe = safe + 2, safe = safe + 2, finalized = finalized + 2}
    w:feed(safe + 1, safe + 2)
    follow.settle(w, 2, "what is new is followed")
  end,
}
