/**
 * What runs once in every Lua instance. It gives the instance a memory that scripts cannot see: the compiled scripts
 * and the functions of libraries, under a name that nobody can guess.
 *
 * ARGV[1] is that name. `redis` and the globals are writable while this runs.
 */
export const BOOTSTRAP = `
local secret = ARGV[1]
local send, try, setresp, raise = redis.call, redis.pcall, redis.setresp, error
local type, rawset, pcall, loadstring, setmetatable = type, rawset, pcall, loadstring, setmetatable
local tostring, pairs, unpack, select, xpcall, next, getmetatable = tostring, pairs, unpack, select, xpcall, next, getmetatable
local find, lower, match, sub, format = string.find, string.lower, string.match, string.sub, string.format
local remove, concat = table.remove, table.concat
local api = redis
local compiled, libraries = {}, {}
local store = {}
-- Whether the script has asked for replies as RESP3 has them.
local resp3 = false

local function copyOf(value)
  local copy = {}
  for key, item in next, value do copy[key] = item end
  return copy
end

-- The runtime asks metatables for fields, which may raise where nothing catches it; and it knows no functions.
local function plain(value, depth)
  if depth > 400 then return {err = 'ERR reached lua stack limit'} end
  local out = value
  if getmetatable(value) ~= nil then out = copyOf(value) end
  for key, item in next, value do
    local kind = type(item)
    if kind == 'table' then
      local replaced = plain(item, depth + 1)
      if replaced ~= item then
        if out == value then out = copyOf(value) end
        out[key] = replaced
      end
    elseif kind == 'function' or kind == 'thread' or kind == 'userdata' then
      if out == value then out = copyOf(value) end
      out[key] = false
    end
  end
  return out
end

-- Redis converts tables such as {double=1.5} whatever the protocol; this runtime only after setresp(3).
local function finish(value)
  resp3 = false
  setresp(3)
  local kind = type(value)
  if kind == 'table' then return plain(value, 0) end
  if kind == 'function' or kind == 'thread' or kind == 'userdata' then return nil end
  return value
end

local function compile(id)
  local f, problem = loadstring(remove(ARGV), '@user_script')
  if not f then return problem end
  compiled[id] = f
end

function store.check(id)
  return compile(id) or false
end

function store.first(id)
  local problem = compile(id)
  if problem then return {err = '\\1' .. problem} end
  return finish((compiled[id]()))
end

function store.run(id)
  return finish((compiled[id]()))
end

function store.clear()
  compiled = {}
end

-- The line of a script that raises an error, and the table that is the error, are told to the host: the runtime
-- drops both.
local function fail(text, level)
  local _, place = pcall(raise, '', level + 2)
  send('\\0error', place, text)
  return raise({err = text})
end

rawset(_G, 'error', function(value, level)
  if type(value) == 'table' then
    local _, place = pcall(raise, '', 3)
    send('\\0error', place, type(value.err) == 'string' and value.err or 'ERR unknown error')
    return raise(value)
  end
  level = level or 1
  if level > 0 then level = level + 1 end
  local _, place = pcall(raise, '', 3)
  local _, message = pcall(raise, value, level == 0 and 0 or level + 1)
  send('\\0error', place, type(message) == 'string' and message or 'ERR ' .. tostring(value))
  return raise(value, level)
end)

-- A script that was stopped stays stopped. The error of a command is a text to those who catch it.
local function caught(ok, problem, ...)
  if ok then return ok, problem, ... end
  if type(problem) == 'table' and type(problem.err) == 'string' then return ok, problem.err, ... end
  if type(problem) == 'string' and find(problem, 'Script killed by fuel limit', 1, true) then
    return raise(problem, 0)
  end
  local name = type(problem) == 'string' and match(problem, '__RLUA_E__:global%-read:(.*)$')
  if name then
    local place = match(problem, '^[%w_]+:%d+: ') or ''
    return ok, place .. "Script attempted to access nonexistent global variable '" .. name .. "'", ...
  end
  return ok, problem, ...
end
rawset(_G, 'pcall', function(f, ...)
  return caught(pcall(f, ...))
end)
rawset(_G, 'xpcall', function(f, handler)
  return caught(xpcall(f, handler))
end)

-- Redis writes numbers with 17 digits, this runtime with 14.
local function exact(...)
  local count = select('#', ...)
  local args, changed = {...}, false
  for at = 1, count do
    local value = args[at]
    local kind = type(value)
    if kind == 'number' then
      if value % 1 ~= 0 or value > 1e13 or value < -1e13 then
        args[at] = format('%.17g', value)
        changed = true
      end
    elseif kind ~= 'string' then return {err = 'ERR Lua redis lib command arguments must be strings or integers'} end
  end
  if not changed then return try(...) end
  return try(unpack(args, 1, count))
end

local function isOdd(count, a, b, c, d)
  return count > 4 or count > 0 and type(a) ~= 'string' or count > 1 and type(b) ~= 'string'
    or count > 2 and type(c) ~= 'string' or count > 3 and type(d) ~= 'string'
end

-- RESP3's null comes as a verbatim string of a format that there is not.
local function withNil(value)
  if type(value) ~= 'table' then return value end
  local verbatim = value.verbatim_string
  if verbatim ~= nil then
    if verbatim.format == 'nil' then return nil end
    return value
  end
  for key, item in next, value do
    if type(item) == 'table' then value[key] = withNil(item) end
  end
  return value
end

local function attempt(...)
  local reply
  if isOdd(select('#', ...), ...) then reply = exact(...) else reply = try(...) end
  if resp3 then return withNil(reply) end
  return reply
end

rawset(redis, 'pcall', attempt)
rawset(redis, 'call', function(...)
  local reply = attempt(...)
  if type(reply) == 'table' and reply.err ~= nil then return fail(reply.err, 2) end
  return reply
end)

local sha1hex, log, aclCheck = redis.sha1hex, redis.log, redis.acl_check_cmd
rawset(redis, 'sha1hex', function(...)
  if select('#', ...) ~= 1 then return fail('ERR wrong number of arguments', 2) end
  return sha1hex((...))
end)
rawset(redis, 'setresp', function(...)
  if select('#', ...) ~= 1 then return fail('ERR redis.setresp() requires one argument.', 2) end
  local version = ...
  if version ~= 2 and version ~= 3 then return fail('ERR RESP version must be 2 or 3.', 2) end
  resp3 = version == 3
  setresp(version)
end)
rawset(redis, 'log', function(level, ...)
  if select('#', ...) < 1 then return fail('ERR redis.log() requires two arguments or more.', 2) end
  if type(level) ~= 'number' then return fail('ERR First argument must be a number (log level).', 2) end
  if level < 0 or level > 3 then return fail('ERR Invalid debug level.', 2) end
  local parts = {...}
  for at = 1, #parts do parts[at] = tostring(parts[at]) end
  log(level, concat(parts, ' '))
end)
rawset(redis, 'set_repl', function(...)
  if select('#', ...) ~= 1 then return fail('ERR redis.set_repl() requires two arguments.', 2) end
  local flags = ...
  if type(flags) ~= 'number' or flags < 0 or flags > 3 then
    return fail('ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.', 2)
  end
end)
rawset(redis, 'acl_check_cmd', function(...)
  if select('#', ...) == 0 then return fail('ERR Please specify at least one argument for this redis.acl_check_cmd() call', 2) end
  local known = try('COMMAND', 'INFO', tostring((...)))
  if not known[1] then return fail('ERR Invalid command passed to redis.acl_check_cmd()', 2) end
  return aclCheck(...)
end)

local function oneText(field)
  return function(...)
    local value = ...
    if select('#', ...) ~= 1 or type(value) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
    if field == 'ok' then return {ok = value} end
    if sub(value, 1, 1) ~= '-' then value = '-' .. value end
    local code, message = match(value, '^%-(%S+) (.*)$')
    if code then return {err = code .. ' ' .. message} end
    return {err = 'ERR ' .. sub(value, 2)}
  end
end
rawset(redis, 'error_reply', oneText('err'))
rawset(redis, 'status_reply', oneText('ok'))

-- Libraries --

local HIDDEN = 'assert,bit,cjson,cmsgpack,collectgarbage,coroutine,error,gcinfo,getmetatable,ipairs,load,loadstring,math,next,pairs,pcall,rawequal,rawget,rawset,select,setmetatable,string,struct,table,tonumber,tostring,type,unpack,xpcall,_G,_VERSION'
local FLAGS = {['no-writes'] = true, ['allow-oom'] = true, ['allow-stale'] = true, ['no-cluster'] = true, ['allow-cross-slot-keys'] = true}
local KEEPS = {register_function = true, log = true, LOG_DEBUG = true, LOG_VERBOSE = true, LOG_NOTICE = true, LOG_WARNING = true, REDIS_VERSION = true, REDIS_VERSION_NUM = true}

local function isText(value)
  return type(value) == 'string' or type(value) == 'number'
end

local function readFlags(flags)
  local out = {}
  for at = 1, 1000 do
    local flag = flags[at]
    if flag == nil then break end
    if not isText(flag) then return nil end
    flag = lower(tostring(flag))
    if not FLAGS[flag] then return nil end
    out[at] = flag
  end
  return out
end

local function readNamed(arguments)
  local name, callback, description, flags
  for key, value in pairs(arguments) do
    if type(key) ~= 'string' then return 'named argument key given to redis.register_function is not a string' end
    key = lower(key)
    if key == 'function_name' then
      if not isText(value) then return 'function_name argument given to redis.register_function must be a string' end
      name = value
    elseif key == 'description' then
      if not isText(value) then return 'description argument given to redis.register_function must be a string' end
      description = value
    elseif key == 'callback' then
      if type(value) ~= 'function' then return 'callback argument given to redis.register_function must be a function' end
      callback = value
    elseif key == 'flags' then
      if type(value) ~= 'table' then return 'flags argument to redis.register_function must be a table representing function flags' end
      flags = readFlags(value)
      if not flags then return 'unknown flag given' end
    else
      return 'unknown argument given to redis.register_function'
    end
  end
  if not name then return 'redis.register_function must get a function name argument' end
  if not callback then return 'redis.register_function must get a callback argument' end
  return nil, tostring(name), callback, description and tostring(description), flags or {}
end

local function readArguments(count, name, callback)
  if count < 1 or count > 2 then return 'wrong number of arguments to redis.register_function' end
  if count == 1 then
    if type(name) ~= 'table' then
      return 'calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).'
    end
    return readNamed(name)
  end
  if not isText(name) then return 'first argument to redis.register_function must be a string' end
  if type(callback) ~= 'function' then return 'second argument to redis.register_function must be a function' end
  return nil, tostring(name), callback, nil, {}
end

-- What a library sees as \`redis\` while it loads; \`strict\` hides what only its functions may use.
local function loader(strict)
  local functions, described, loading = {}, {}, true
  local function register(...)
    if not loading then raise('redis.register_function can only be called on FUNCTION LOAD command', 0) end
    local wrong, name, callback, description, flags = readArguments(select('#', ...), ...)
    if wrong then raise(wrong, 0) end
    if name == '' or find(name, '[^%w_]') then
      raise('Library names can only contain letters, numbers, or underscores(_) and must be at least one character long', 0)
    end
    if functions[name] then raise('Function already exists in the library', 0) end
    functions[name] = callback
    described[#described + 1] = {name, description or false, flags}
  end
  local proxy = setmetatable({}, {
    __metatable = false,
    __index = function(_, key)
      if key == 'register_function' then return register end
      if not strict or KEEPS[key] then return api[key] end
      raise("Script attempted to access nonexistent global variable '" .. tostring(key) .. "'", 2)
    end,
    __newindex = function() raise('Attempt to modify a readonly table', 2) end
  })
  return proxy, functions, described, function() loading = false end
end

-- Runs the code of a library for what it does wrong: as a function whose globals are locals that are not set.
function store.probe()
  local source = 'local redis,' .. HIDDEN .. ' return function(r) redis = r ' .. remove(ARGV) .. '\\nend'
  local chunk, problem = loadstring(source, '@user_function')
  if not chunk then return {err = '\\1' .. problem} end
  local proxy, _, described = loader(true)
  chunk()(proxy)
  return described
end

-- Runs it again with what its functions need. The globals are writable meanwhile.
function store.load(id)
  local chunk, problem = loadstring(remove(ARGV), '@user_function')
  if not chunk then return {err = '\\1' .. problem} end
  local proxy, functions, described, done = loader(false)
  rawset(_G, 'redis', proxy)
  chunk()
  done()
  rawset(_G, 'redis', api)
  libraries[id] = functions
  return described
end

function store.restore()
  rawset(_G, 'redis', api)
end

function store.unload(id)
  libraries[id] = nil
end

function store.call(id)
  return finish((libraries[id][remove(ARGV)](KEYS, ARGV)))
end

setmetatable(redis, {
  __metatable = false,
  __index = function(_, key)
    if key == secret then return store end
  end
})
return 'ready'
`
