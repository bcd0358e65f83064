-- A source whose safe head falls back and climbs again, over and over, on one chain. Nothing of it is
-- a reason to move anything back; what is new at the top of a tooth is taken.
local follow = use "common/follow"

return {
  id = "REM-14",
  title = "Saw-tooth source",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-04", "I-18", "P-1"},

  run = function(w)
    local head = w:at(450)
    local safe = head - 10
    w:engine{head = head, safe = safe, finalized = w:at(20)}
    w:source{unsafe = head, safe = safe, finalized = w:at(20), profile = "saw:400/5"}
    local highest = safe.number
    w:never("safe goes back", function()
      local now = w:label("safe").number
      if now < highest then return true, "safe " .. now .. " after " .. highest end
      highest = now
    end)
    w:never("the head moves", function() return w:label("latest") ~= head end)
    local from = w:mark()
    w:start()
    w:wait(w.long and 100 or 20)
    local low = 0
    for _, poll in ipairs(follow.polls(w, from)) do
      if poll.safe.number < safe.number - 100 then low = low + 1 end
    end
    w:expect("the node saw the teeth (" .. low .. ")", low >= 4)
    w:expect("and said nothing about them to the engine", #follow.forkchoices(w, from), 0)
    w:source{profile = "normal"}
    w:advance(3)
    follow.settle(w, 2, "a new maximum is applied")
  end,
}
