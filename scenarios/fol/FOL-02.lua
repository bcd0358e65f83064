-- Finality comes in jumps. Each one reaches the engine, none passes safe, and nothing is said twice.
local follow = use "common/follow"

return {
  id = "FOL-02",
  title = "Finalized advances with jumps",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-02", "I-04", "I-23"},
  known_deviations = {{cl = "op-node", what = "the poll jumps over queued payloads to a block the engine lacks; without engine peers it stays there",
                       link = "https://github.com/ethereum-optimism/optimism/pull/18571"}},

  run = function(w)
    local from = w:mark()
    local head, finalized = w:at(300), w:at(1)
    follow.converged(w, head, head, finalized)
    w:steady(2, {distance = w.length, feed = 2}) -- finalized moves by hand
    w:start()

    local function finality(blocks)
      w:advance{finalized = blocks}
      local new = w:heads().finalized
      w:within(2, "the engine's finalized block is " .. new,
               function() return w:label("finalized") == new end)
    end
    w:wait(15)
    w:expect("finalized stands while the source's stands", w:label("finalized"), finalized)
    finality(192)
    finality(1)
    w:wait(20)
    w:freeze()
    follow.settle(w, 2)

    local last
    for _, fcu in ipairs(follow.forkchoices(w, from)) do
      if last and last.status == "VALID" then
        w:expect("no forkchoice repeats the one before (trace line " .. fcu.index .. ")",
                 not (last.head == fcu.head and last.safe == fcu.safe
                      and last.finalized == fcu.finalized))
      end
      last = fcu
    end
  end,
}
