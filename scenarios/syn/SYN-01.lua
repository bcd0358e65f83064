-- The engine loses blocks while nothing changes upstream. Only a node that looks at the engine, not
-- at its own memory of what it sent last, notices.
local follow = use "common/follow"

return {
  id = "SYN-01",
  title = "EL loses its last 50 blocks, nothing changes upstream",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks", "op-sepolia-window"},
  covers = {"I-26", "R-2.6"},
  known_deviations = {{cl = "op-node", what = "nothing is sent again after the engine lost blocks",
                       link = "https://github.com/ethereum-optimism/optimism/issues/19384"}},

  run = function(w)
    local safe, finalized = w:at(350), w:at(40)
    w:engine{head = safe, safe = safe - 10, finalized = finalized, backfill = 25}
    w:source{unsafe = safe, safe = safe, finalized = finalized}
    w:start()
    follow.settle(w, 2)
    w:wait(2)
    local fcus = follow.forkchoices(w)
    local last, from = fcus[#fcus], w:mark()

    w:rewind(50)
    w:expect("the engine lost its head", w:label("latest"), safe - 50)
    w:within(3, "the same forkchoice as before the loss, once more", function()
      return follow.find(w, from, function(fcu)
        return fcu.head == last.head and fcu.safe == last.safe and fcu.finalized == last.finalized
      end)
    end)
    w:within(5, "the engine has its blocks and labels again", function()
      return w:label("latest") == safe and follow.is_settled(w)
    end)
  end,
}
