-- The URL of the source leads to a node of another network, from the start or after a while (a DNS
-- entry, a balancer's list). That network's blocks are none of ours: no call to the engine names one.
local follow = use "common/follow"

-- Every block a forkchoice named was recorded on our chain; a hash nobody here has is a string.
local function expect_our_blocks_only(w)
  for _, fcu in ipairs(follow.forkchoices(w)) do
    for _, name in ipairs{"head", "safe", "finalized"} do
      w:expect(name .. " " .. tostring(fcu[name]) .. " of a forkchoice is a block of our chain",
               fcu[name] == nil or type(fcu[name]) == "userdata")
    end
  end
end

return {
  id = "REM-03",
  title = "Remote on another chain",
  priority = "P0",
  applies = "L",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-11", "R-2.3"},

  run = function(w)
    local head, finalized = w:at(300), w:at(250)
    local safe = head - 5
    w:engine{backfill = 100} -- at genesis: nothing of its own speaks against what it is told
    w:source{unsafe = head, safe = safe, finalized = finalized}
    w:source{chain = "op-mainnet-run"}
    w:start{l1 = false}
    w:wait(8)
    w:expect("it lives", w:is_running())
    w:expect("it asked the source", #w:calls("source", "*") > 0)
    w:expect("forkchoices", #follow.forkchoices(w), 0)
    w:source{chain = "own"}
    w:within(10, "the right source is followed",
             function() return w:status() and w:status().safe == safe end)
    w:advance(3)
    follow.settle(w, 3, "and its news are taken")

    local from = w:mark()
    safe, finalized = w:label("safe"), w:label("finalized")
    w:source{chain = "op-mainnet-run"}
    w:never("finalized moves", function() return w:label("finalized") ~= finalized end)
    w:wait(w.long and 40 or 10)
    w:expect("it lives", w:is_running())
    w:expect("it was told of the other chain", #w:calls("source", "*", from) > 4)
    w:expect("forkchoices meanwhile", #follow.forkchoices(w, from), 0)
    w:expect("safe stands", w:label("safe"), safe)
    w:source{chain = "own"}
    expect_our_blocks_only(w)
  end,
}
