-- The first acceptance test of the seed: the source's safe head moves on by 5, ours equals it; again.
local follow = use "common/follow"

return {
  id = "SEED-01",
  title = "Safe head matches the source's, five blocks and five more",
  priority = "P0",
  applies = "A",
  variants = {"A"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-23"},

  run = function(w)
    local head = w:at(100)
    follow.converged(w, head, head, head - 10)
    w:start()
    for step = 1, 2 do
      w:advance(5)
      w:feed(w:heads().safe - 4, w:heads().safe)
      follow.settle(w, 3, "safe and finalized equal the source's after step " .. step)
      w:expect("safe is 5 blocks on", w:label("safe"), head + 5 * step)
      w:expect("finalized is 5 blocks on", w:label("finalized"), head - 10 + 5 * step)
    end
  end,
}
