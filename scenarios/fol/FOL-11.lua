-- The source's finalized is below ours, on the same chain, and its current L1 block is not known: safe
-- goes on all the same, finalized stays.
local follow = use "common/follow"

return {
  id = "FOL-11",
  title = "Safe advances while remote finalized is behind ours",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-04", "I-23"},
  known_deviations = {{cl = "op-node", what = "the forkchoice hangs on the promotion of finalized",
                       link = "https://github.com/ethereum-optimism/optimism/pull/18571"}},

  run = function(w)
    local safe, finalized = w:at(300), w:at(100)
    w:engine{head = w:at(360), safe = safe, finalized = finalized}
    w:source{unsafe = w:at(360), safe = safe, finalized = w:at(60)}
    w:start()
    for i = 1, 5 do
      w:source{unsafe = w:at(360), safe = safe + i, finalized = w:at(60)}
      w:within(2, "safe " .. i .. " is followed", function() return w:label("safe") == safe + i end)
    end
    w:expect("finalized stands", w:label("finalized"), finalized)
    for _, fcu in ipairs(follow.forkchoices(w)) do
      w:expect("and is in every forkchoice", fcu.finalized, finalized)
    end
  end,
}
