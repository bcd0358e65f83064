-- A payload of a dead branch, far above, that no engine can ever have: not a reason to take the next
-- blocks for old ones, nor to say that we are there.
local follow = use "common/follow"

return {
  id = "SYN-06",
  title = "Unsafe head poisoned by an unreachable far target",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-14", "I-27", "I-29", "P-5"},
  known_deviations = {{cl = "op-node", what = "payloads below a far one are taken for old (execution-layer mode)",
                       link = "https://github.com/ethereum-optimism/optimism/issues/20990"}},

  run = function(w)
    local head, finalized = w:at(300), w:at(40)
    follow.converged(w, head, head, finalized)
    w:engine{backfill = 0}
    local far = w:fork("x", head, 180)
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    w:feed(far)
    w:wait(4)
    w:expect("the node claims no more than the engine has", w:status().unsafe, head)
    for i = 1, 20 do
      w:feed(head + i)
      w:advance(1)
      w:wait(1)
    end
    w:within(3, "gossip is followed", function() return w:label("latest") == head + 20 end)
    follow.settle(w, 2)
    w:within(2, "the node says what the engine has", function()
      return w:status().unsafe == head + 20, "status unsafe " .. w:status().unsafe
    end)
  end,
}
