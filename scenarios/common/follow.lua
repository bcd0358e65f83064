-- What several scenarios need: a world that agrees, the source's answers as the node saw them, and
-- what a node must say about itself at any time.
local follow = {}

-- Engine and source at the same point: the engine has head, both call the same blocks safe and
-- finalized.
function follow.converged(w, head, safe, finalized)
  w:engine{head = head, safe = safe, finalized = finalized}
  w:source{unsafe = head, safe = safe, finalized = finalized}
end

-- Forkchoices the engine answered, oldest first.
function follow.forkchoices(w, from)
  return w:calls("engine", "engine_forkchoiceUpdated*", from)
end

-- Complete answers of the source, oldest first: {safe, finalized, done}. An EL source gives them in
-- two reads.
function follow.polls(w, from)
  local polls = {}
  if w.variant == "B" then
    for _, call in ipairs(w:calls("source", "optimism_syncStatus", from)) do
      if call.answer == "result" then
        polls[#polls + 1] = {safe = call.safe, finalized = call.finalized, done = call.done}
      end
    end
    return polls
  end
  local finalized
  for _, call in ipairs(w:calls("source", "eth_getBlockByNumber", from)) do
    if call.tag == "finalized" then
      finalized = call.result
    elseif call.tag == "safe" then
      if finalized and call.result then
        polls[#polls + 1] = {safe = call.result, finalized = finalized, done = call.done}
      end
      finalized = nil
    end
  end
  return polls
end

-- The engine calls the source's blocks safe and finalized: same hash, so same number.
function follow.is_settled(w)
  local heads = w:heads()
  return w:label("safe") == heads.safe and w:label("finalized") == heads.finalized
end

-- Waits for that.
function follow.settle(w, ticks, what)
  w:within(ticks, what or "the engine's labels equal the source's",
           function() return follow.is_settled(w) end)
end

-- The first forkchoice after a mark for which test is true, or nil.
function follow.find(w, from, test)
  for _, fcu in ipairs(follow.forkchoices(w, from)) do
    if test(fcu) then return fcu end
  end
end

-- When (seq) the engine could first be told that a polled block is safe: the answer had arrived and
-- the engine had the block.
local function possible_from(poll, payloads)
  local np = payloads[poll.safe.number]
  return np and math.max(poll.done, np.done) or poll.done
end

-- Polls that ended between from and the first forkchoice after from with this safe block or a later
-- one; nil when there is no such forkchoice.
local function lag_of(safe, from, polls, fcus)
  for _, fcu in ipairs(fcus) do
    if fcu.seq > from and fcu.safe and safe:is_ancestor_of(fcu.safe) then
      local lag = 0
      for _, poll in ipairs(polls) do
        if poll.done > from and poll.done < fcu.seq then lag = lag + 1 end
      end
      return lag
    end
  end
end

-- Every poll that brought a new safe block is answered by a forkchoice with it. Lag is counted in
-- polls, which is what a tick is: at most one in 95 % of the cases, never more than two. A black box
-- gets one poll of phase slack on the latter and one case on the former (a busy machine).
function follow.expect_every_poll(w, from)
  local polls, fcus, payloads = follow.polls(w, from), follow.forkchoices(w, from), {}
  for _, np in ipairs(w:calls("engine", "engine_newPayload*", from)) do
    if np.status == "VALID" then payloads[np.block.number] = payloads[np.block.number] or np end
  end
  local news, slow = 0, 0
  for k = 2, #polls - 2 do
    local safe = polls[k].safe
    if safe ~= polls[k - 1].safe then
      news = news + 1
      local lag = lag_of(safe, possible_from(polls[k], payloads), polls, fcus)
      w:expect("a forkchoice carries safe " .. safe .. " of poll " .. k, lag ~= nil)
      w:expect("polls until the forkchoice with safe " .. safe .. " (" .. lag .. ") are at most 3",
               lag <= 3)
      if lag > 1 then slow = slow + 1 end
    end
  end
  w:expect("the source moved while it was polled", news > 0)
  w:expect("at most 5 % of the polls, and one, lag by more than one, not " .. slow,
           (slow - 1) * 20 <= news)
end

-- I-13 over everything the node said about itself: finalized <= safe <= local safe <= unsafe on one
-- chain, and a label that was there is never gone again.
function follow.expect_status_in_order(w)
  local had, seen = {}, 0
  for _, e in ipairs(w:events()) do
    if e.kind == "start" then had = {} end
    if e.kind == "status" then
      seen = seen + 1
      local below
      for _, name in ipairs{"finalized", "safe", "local_safe", "unsafe"} do
        local b = e[name]
        if b then
          w:expect("status " .. seen .. ": " .. name .. " is a block somebody has",
                   type(b) == "userdata")
          w:expect("status " .. seen .. ": " .. name .. " " .. b .. " is above "
                   .. tostring(below or "nothing") .. " on one chain",
                   not below or below:is_ancestor_of(b))
          below = b
        end
        w:expect("status " .. seen .. ": " .. name .. " is not gone again", b or not had[name])
        had[name] = b ~= nil or had[name]
      end
    end
  end
  w:expect("the node said something about itself", seen > 0)
end

return follow
