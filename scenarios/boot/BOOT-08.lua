-- Restarted engines keep finalized and forget safe. The node says it again, on the head that is
-- there, although nothing moved.
local follow = use "common/follow"

return {
  id = "BOOT-08",
  title = "Warm EL that forgot its safe label",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-26", "R-2.2"},

  run = function(w)
    local head, safe, finalized = w:at(400), w:at(340), w:at(40)
    w:engine{profile = "nosafe", head = head, safe = safe, finalized = finalized}
    w:restart_engine()
    w:expect("safe is forgotten", w:label("safe"), nil)
    w:expect("finalized is not", w:label("finalized"), finalized)
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    w:never("the head moves", function() return w:label("latest") ~= head end)
    w:start()
    follow.settle(w, 2, "safe is there again")
    w:wait(3)
    local said = 0
    for _, fcu in ipairs(follow.forkchoices(w)) do
      if fcu.safe == safe then
        said = said + 1
        w:expect("on the head that is there", fcu.head, head)
      end
    end
    w:expect("forkchoices that say so", said, 1)

    -- under a running node
    local from = w:mark()
    w:restart_engine()
    follow.settle(w, 3, "safe is there again after a restart under the running node")
    w:expect("by a forkchoice", follow.find(w, from, function(fcu) return fcu.safe == safe end) ~= nil)
  end,
}
