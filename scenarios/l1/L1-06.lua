-- The L1's URL leads to another network. Whoever checks origins against it would refuse everything,
-- or believe anything; it is said at the start.
local follow = use "common/follow"

return {
  id = "L1-06",
  title = "L1 of another network",
  priority = "P1",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"R-2.3"},
  exempt = {{id = "I-22", reason = "the node is meant to end by itself"}},

  run = function(w)
    local safe = w:at(300)
    follow.converged(w, safe, safe, w:at(250))
    w:l1{chain_id = 17000}
    w:start{l1 = true}
    w:within(10, "it ends", function() return not w:is_running() end)
    w:expect("it says so by its exit code", w:exit_status() ~= 0)
    w:expect("nothing was written", #follow.forkchoices(w), 0)
  end,
}
