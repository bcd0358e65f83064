-- The engine loses the head it had on one branch while the source goes over to another. What was lost
-- is not asked for again: named over the source's safe block it would be two chains in one forkchoice.
-- Then the engine is wiped altogether.
local follow = use "common/follow"

return {
  id = "SYN-02",
  title = "EL wiped to genesis under a running CL",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-01", "I-03", "I-22", "R-2.13"},

  run = function(w)
    local base, finalized = w:at(330), w:at(40)
    local lost = w:fork("x", base, 40)
    local safe = base + 20
    w:engine{knows = base + 60, head = lost, safe = base, finalized = finalized, backfill = 50}
    w:source{unsafe = base, safe = base, finalized = finalized}
    w:start()
    w:within(2, "the node follows", function() return w:status() and w:status().safe == base end)
    local from = w:mark()
    w:rewind(30)
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    follow.settle(w, 4, "the engine went over to the source's branch")
    w:expect("its head is on it", base + 20 == w:label("latest"))
    w:expect("no forkchoice named the lost head over it", follow.find(w, from, function(fcu)
      return fcu.head == lost and fcu.safe == safe
    end) == nil)

    local wiped = w:mark()
    w:wipe()
    w:within(6, "the wiped engine has head and labels again", function()
      return w:label("latest") == safe and follow.is_settled(w)
    end)
    local first = follow.forkchoices(w, wiped)[1]
    w:expect("the first forkchoice after it names the source's safe block or the head", first.head, safe)
    w:expect("the node never said zero", w:status().safe, safe)
  end,
}
