-- An engine that drops the labels of a forkchoice which keeps its head: VALID means nothing for
-- them. They are said again when the head moves.
local follow = use "common/follow"

return {
  id = "ENG-10",
  title = "Label-dropping EL on same-head FCU",
  priority = "P2",
  applies = "L",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-18", "I-26"},

  run = function(w)
    local head = w:at(300)
    local old_safe = head - 40
    w:engine{profile = "eri", head = head, safe = old_safe, finalized = head - 60}
    w:source{unsafe = head, safe = head - 20, finalized = head - 50}
    local from = w:mark()
    w:start()
    w:within(2, "labels are said", function()
      return follow.find(w, from, function(fcu) return fcu.safe == head - 20 end)
    end)
    w:wait(8)
    w:expect("the engine dropped them", w:label("safe"), old_safe)
    local n = #follow.forkchoices(w, from)
    w:expect("they are said less and less often (" .. n .. ")", n <= 6)
    w:feed(head + 1)
    w:within(2, "labels are right once the head moved", function() return follow.is_settled(w) end)
    w:expect("on the new head", w:label("latest"), head + 1)
  end,
}
