-- The engine takes the head of a forkchoice and refuses its labels. What it did is seen by looking
-- at it, not by believing the error; and the labels stay what they were until it accepts them.
local follow = use "common/follow"

return {
  id = "ATO-08",
  title = "-38002 after the head already moved",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-07", "I-14", "R-2.6"},

  run = function(w)
    local base, finalized = w:at(330), w:at(40)
    local old_safe, safe = base - 10, base + 20
    local fork = w:fork("x", base, 60)
    w:engine{profile = "nm", knows = base + 60, head = fork, safe = old_safe, finalized = finalized,
             backfill = 0}
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    w:every(function() if w:is_running() then w:status() end end)
    w:start()

    local refused = w:within(2, "the engine refuses the labels of the other branch", function()
      return follow.find(w, nil, function(fcu) return fcu.head == safe and fcu.code == -38002 end)
    end)
    local accepted = w:within(3, "a forkchoice repairs it", function()
      return follow.find(w, nil, function(fcu)
        return fcu.head == safe and fcu.safe == safe and fcu.status == "VALID"
      end)
    end)
    w:expect("the head moved before the labels", refused.seq < accepted.seq)
    w:expect("finalized is the one that was polled with it", accepted.finalized, finalized)
    follow.settle(w, 1)
    w:expect("the engine is on the source's branch", w:canonical(safe.number), safe)
    w:wait(3)
    local refusals = 0
    for _, fcu in ipairs(follow.forkchoices(w)) do
      if fcu.code == -38002 then refusals = refusals + 1 end
    end
    w:expect("refusals", refusals, 1)
    for _, e in ipairs(w:events()) do
      if e.kind == "status" and e.seq and e.seq < accepted.seq then
        w:expect("nothing is called safe that the engine refused", e.safe ~= safe)
      end
    end
  end,
}
