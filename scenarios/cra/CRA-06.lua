-- Bodies of older blocks are gone. A node that follows needs hashes and numbers of them only.
local follow = use "common/follow"

return {
  id = "CRA-06",
  title = "EL with pruned bodies",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"R-2.2"},

  run = function(w)
    local head, finalized = w:at(400), w:at(40)
    local safe = head - 60
    w:engine{profile = "prune:50", head = head, safe = safe - 20, finalized = finalized}
    w:source{unsafe = safe, safe = safe, finalized = finalized + 5}
    w:start()
    follow.settle(w, 2)
    w:expect("the head stays", w:label("latest"), head)
    w:feed(head + 1)
    w:within(2, "payloads go on", function() return w:label("latest") == head + 1 end)
  end,
}
