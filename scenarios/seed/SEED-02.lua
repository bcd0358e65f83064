-- The second acceptance test of the seed: the node stops, its engine is reset to genesis, the source
-- moves on, the node restarts. It must come out at safe 20 without a forkchoice at genesis.
local follow = use "common/follow"

return {
  id = "SEED-02",
  title = "Engine reset to genesis while the node is down",
  priority = "P0",
  applies = "A",
  variants = {"A"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-01", "I-23", "I-28"},

  run = function(w)
    local genesis = w:block("G")
    w:engine{backfill = 10}
    follow.converged(w, w:block("B+15"), w:block("B+12"), w:block("B+5"))
    w:start()
    follow.settle(w, 2)
    w:stop()
    w:wipe()
    w:advance{unsafe = 10, safe = 8}
    w:never("a forkchoice at genesis", function()
      return follow.find(w, nil, function(fcu) return fcu.head == genesis end)
    end)
    w:start()
    follow.settle(w, 8, "the engine, once at genesis, has the source's labels")
    w:expect("safe is block 20 of the window", w:label("safe"), w:block("B+20"))
    w:expect("finalized is the source's", w:label("finalized"), w:heads().finalized)
  end,
}
