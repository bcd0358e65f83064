-- A peer that answers badly, in every way a peer has: the node lives on, nothing it says about its
-- heads changes, the engine's labels stay, it says once what is wrong and once that it is over.
local follow = use "common/follow"

-- kind = what the mock does to the call, port = the whole port is closed.
local FAULTS = {
  {name = "port closed", port = true},
  {name = "401", kind = "http", http_status = 401},
  {name = "HTTP 500", kind = "http", http_status = 500},
  {name = "broken JSON", kind = "bad_json"},
  {name = "wrong id", kind = "wrong_id"},
  {name = "null result", kind = "null"},
  {name = "error object", kind = "rpc_error", code = -32000, text = "something broke"},
  {name = "wrong type", kind = "result", text = "[]"},
  {name = "body over the cap", kind = "oversize", is_long = true},
  {name = "half a body", kind = "truncate"},
}

-- The calls of each peer that a pass cannot do without.
local READS = {engine = "eth_getBlockByNumber", source = "*", l1 = "eth_getBlockByNumber"}

-- A little more than lightcl reads. It takes a while to send.
local OVER_CAP = {engine = 65 << 20, source = 9 << 20, l1 = 9 << 20}

-- What the node's log calls trouble with that peer, and its end. An L1 block that is not there is
-- lag, not a fault; an engine without a head is silence until it has one.
local TROUBLE = {
  source = {"source does not answer", "source's answer is not usable"},
  engine = {"engine does not answer", "engine answers with an error", "engine refuses our token"},
  l1 = {"L1 does not answer", "our L1 does not have"},
}
local OVER = {
  source = {"source answers again", "source's answers are usable again"},
  engine = {"engine answers again", "engine accepts forkchoices again"},
  l1 = {"L1 answers again", "L1 origins agree again"},
}

local function said(w, texts)
  local n = 0
  for _, text in ipairs(texts) do n = n + w:said(text) end
  return n
end

local function inject(w, peer, fault)
  if fault.port then
    w:port(peer, "closed")
    return
  end
  w:fault(peer, {kind = fault.kind, method = READS[peer], http_status = fault.http_status,
                 code = fault.code, text = fault.text,
                 bytes = fault.is_long and OVER_CAP[peer] or nil})
end

local function clear(w, peer, fault)
  if fault.port then w:port(peer, "open") else w:clear(peer) end
end

local function try(w, peer, fault)
  local what = peer .. ", " .. fault.name
  local safe, finalized = w:label("safe"), w:label("finalized")
  local before, over, from = said(w, TROUBLE[peer]), said(w, OVER[peer]), w:mark()
  inject(w, peer, fault)
  w:wait(1) -- a pass may be under way with answers from before
  safe, finalized = w:label("safe"), w:label("finalized")
  w:advance(2)
  local silent = peer == "engine" and fault.kind == "null"
  if not silent then
    w:within(fault.is_long and 20 or 3, what .. ": said what is wrong",
             function() return said(w, TROUBLE[peer]) > before end)
  end
  w:wait(3)
  w:expect(what .. ": the node lives", w:is_running())
  w:expect(what .. ": the engine's safe label", w:label("safe"), safe)
  w:expect(what .. ": the engine's finalized label", w:label("finalized"), finalized)
  local tells = said(w, TROUBLE[peer]) - before
  w:expect(what .. ": said what is wrong once", tells, silent and 0 or 1)
  clear(w, peer, fault)
  follow.settle(w, fault.is_long and 20 or 2, what .. ": the labels are the source's again")
  if tells == 1 then -- more than once when a bad answer was still on its way
    w:within(2, what .. ": said that it is over",
             function() return said(w, OVER[peer]) > over end)
  end
  w:expect(what .. ": no newPayload", #w:calls("engine", "engine_newPayload*", from), 0)
end

return {
  id = "FI-PEERS",
  title = "A peer that answers badly changes nothing",
  priority = "P0",
  applies = "A",
  variants = {"A", "B"},
  fixtures = {"devnet-forks"},
  covers = {"I-22", "I-25", "R-2.3", "R-2.17"},

  run = function(w)
    follow.converged(w, w:at(300), w:at(200), w:at(100))
    w:start{l1 = true}
    follow.settle(w, 2)
    w:within(2, "the node is up", function() return w:status() ~= nil end)
    w:advance(1)
    follow.settle(w, 2)
    for _, peer in ipairs{"source", "engine", "l1"} do
      for _, fault in ipairs(FAULTS) do try(w, peer, fault) end
    end
  end,
}
