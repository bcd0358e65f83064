-- Nobody hands in payloads and the source moves before every poll: each forkchoice names a block the
-- engine has yet to fetch. The labels must not age with an old target (a node that only ever sends the
-- newest one has head, and never safe or finalized).
local follow = use "common/follow"

return {
  id = "FOL-05",
  title = "No gossip: unsafe moves together with safe",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-14", "I-23", "R-2.12"},

  run = function(w)
    local safe, finalized = w:at(200), w:at(100)
    w:engine{head = safe, safe = safe, finalized = finalized, backfill = 6}
    w:source{unsafe = safe + 20, safe = safe + 20, finalized = finalized + 20}
    w:start()
    w:steady(1, {distance = 100})
    w:wait(12)
    for _ = 1, 4 do
      local at = w:heads()
      w:within(8, "safe and finalized reach what the source said now", function()
        local s, f = w:label("safe"), w:label("finalized")
        return s and f and at.safe:is_ancestor_of(s) and at.finalized:is_ancestor_of(f),
               "safe " .. tostring(s) .. " finalized " .. tostring(f)
      end)
    end
    w:freeze()
    follow.settle(w, 4)
    w:expect("head is safe", w:label("latest"), w:label("safe"))
  end,
}
