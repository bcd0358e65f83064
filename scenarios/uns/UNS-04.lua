-- Payloads in any order, and an engine that fetches nothing by itself: each goes in as soon as the one
-- below it is there.
local follow = use "common/follow"

return {
  id = "UNS-04",
  title = "Out-of-order payloads without EL backfill",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-29", "R-3.1"},

  run = function(w)
    local head = w:at(300)
    follow.converged(w, head, head - 10, w:at(40))
    w:engine{backfill = 0}
    w:start()
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    local reached = {1, 1, 1, 1, 1, 5, 7}
    for k, n in ipairs{1, 5, 3, 4, 7, 2, 6} do
      w:feed(head + n)
      w:within(1, "after +" .. n .. " the head is +" .. reached[k],
               function() return w:feeding() == 0 and w:label("latest") == head + reached[k] end)
    end
  end,
}
