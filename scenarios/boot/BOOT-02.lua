-- The source's port is closed at the start and opens later. Waiting costs nothing and ends at once.
local follow = use "common/follow"

return {
  id = "BOOT-02",
  title = "SRC unreachable at start, appears later",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-22", "I-25", "R-2.3"},
  known_deviations = {{cl = "op-node", what = "ends when the source cannot be dialled ten times",
                       link = "https://github.com/ethereum-optimism/optimism/pull/18571"}},

  run = function(w)
    local safe = w:at(340)
    w:engine{backfill = 50}
    w:source{unsafe = safe + 60, safe = safe, finalized = w:at(40)}
    w:port("source", "closed")
    w:start()
    w:within(2, "the node answers for itself", function() return w:status() ~= nil end)
    w:wait(20)
    w:expect("nothing was written", #w:calls("engine", "engine_forkchoiceUpdated*"), 0)
    w:expect("it lives", w:is_running())
    w:port("source", "open")
    follow.settle(w, 6, "the source is followed")
    w:expect("the first forkchoice named its safe block", follow.forkchoices(w)[1].head, safe)
  end,
}
