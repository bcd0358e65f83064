-- One answer (or two backends) with finalized above safe. Passed on, it puts the engine's finalized
-- above its safe, which geth accepts.
local follow = use "common/follow"

return {
  id = "REM-04",
  title = "finalized > safe in one response",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-02", "I-07"},

  run = function(w)
    local head, safe, finalized = w:at(360), w:at(350), w:at(320)
    follow.converged(w, head, safe, finalized)
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    local from = w:mark()
    w:source{unsafe = head, safe = safe + 2, finalized = safe + 5}
    w:wait(4)
    w:expect("forkchoices for it", #follow.forkchoices(w, from), 0)
    w:expect("finalized stands", w:label("finalized"), finalized)
    w:source{unsafe = head, safe = safe + 6, finalized = safe + 5}
    follow.settle(w, 2, "what is in order is followed")
  end,
}
