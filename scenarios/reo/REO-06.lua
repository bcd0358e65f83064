-- The source goes over to a branch that leaves the chain below our finalized block. Nothing may be
-- undone for it: labels stand, the alarm is raised, unsafe blocks go on, the process lives.
local follow = use "common/follow"

return {
  id = "REO-06",
  title = "Reorg below local finalized",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-04", "I-22", "I-31", "R-2.7", "P-4"},

  run = function(w)
    local head, safe, finalized = w:at(360), w:at(350), w:at(320)
    follow.converged(w, head, safe, finalized)
    local tip = w:fork("x", w:at(310), 60)
    w:engine{knows = tip}
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == safe end)
    w:never("a label of the engine moves", function()
      return w:label("safe") ~= safe or w:label("finalized") ~= finalized
    end)
    local from = w:mark()
    w:source{unsafe = tip, safe = tip - 20, finalized = tip - 55}
    if w.cl == "lightcl" then
      w:within(2, "the node raises the alarm", function()
        return w:said("source contradicts our finalized block") > 0
      end)
    end
    w:feed(head + 1, head + 5)
    w:within(2, "unsafe blocks go on", function() return w:label("latest") == head + 5 end)
    w:wait(6)
    for _, fcu in ipairs(follow.forkchoices(w, from)) do
      w:expect("no forkchoice leaves the finalized chain: " .. fcu.head, finalized:is_ancestor_of(fcu.head))
    end
    if w.cl == "lightcl" then
      w:expect("the alarm was raised once", w:said("source contradicts our finalized block"), 1)
    end
  end,
}
