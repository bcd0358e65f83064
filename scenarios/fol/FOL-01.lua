-- The reason why a light node exists: whatever the source calls safe, the engine calls safe a moment
-- later, and unsafe blocks go on meanwhile.
local follow = use "common/follow"

return {
  id = "FOL-01",
  title = "Safe head equals remote safe, poll after poll",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-13", "I-23", "R-2.4"},
  known_deviations = {{cl = "op-node", what = "the poll jumps over queued payloads to a block the engine lacks; without engine peers it stays there",
                       link = "https://github.com/ethereum-optimism/optimism/pull/18571"}},

  run = function(w)
    local from = w:mark()
    local head, finalized = w:at(300), w:at(40)
    follow.converged(w, head, head, finalized)
    w:steady(2, {feed = 2})
    w:start()
    w:every(function() w:status() end)
    w:wait(40)
    w:freeze()
    follow.settle(w, 2)
    follow.expect_every_poll(w, from)
    follow.expect_status_in_order(w)
    w:expect("the source moved on", w:heads().safe.number > head.number + 20)
  end,
}
