-- Engines say in five ways that a label was never set. A node that knows some of them only waits for
-- ever, or takes the genesis block for what the source calls safe.
local follow = use "common/follow"

local DIALECTS = {"null", "not-found", "unknown", "39001", "genesis"}

-- The forkchoices up to the first that was VALID with the source's labels, each once.
local function story(w, safe)
  local lines = {}
  for _, fcu in ipairs(follow.forkchoices(w)) do
    local line = fcu.head .. " " .. tostring(fcu.safe) .. " " .. tostring(fcu.finalized)
    if line ~= lines[#lines] then lines[#lines + 1] = line end
    if fcu.status == "VALID" and fcu.safe == safe then break end
  end
  return table.concat(lines, "; ")
end

return {
  id = "BOOT-06",
  title = "EL label dialects at start",
  priority = "P0",
  applies = "D",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-01", "R-2.2"},

  run = function(w)
    local safe, finalized = w:at(60), w:at(20)
    local usual
    for _, dialect in ipairs(DIALECTS) do
      w:note("unset labels: " .. dialect)
      w:engine{profile = "lbl:" .. dialect, backfill = 50}
      w:source{unsafe = safe, safe = safe, finalized = finalized}
      w:start()
      local first = w:within(2, "a first forkchoice", function()
        return follow.forkchoices(w)[1]
      end)
      w:expect("its head is the source's safe block", first.head, safe)
      follow.settle(w, 5)
      usual = usual or story(w, safe)
      w:expect("the forkchoices are those of any other dialect", story(w, safe), usual)
      w:stop()
      w:wipe()
      w:fresh()
    end
  end,
}
