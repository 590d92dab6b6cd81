-- Drives Neovim's own LSP client over the scenario in the current buffer, and prints what it got as JSON.
local WAIT = 60000
local seen = {}

local function ask(method, params)
  local answers, why = vim.lsp.buf_request_sync(0, method, params, WAIT)
  assert(answers, why)
  for _, answer in pairs(answers) do
    assert(not answer.err, vim.inspect(answer.err))
    return answer.result
  end
end

local function at(line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
  return vim.lsp.util.make_position_params()
end

local function errors()
  return vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
end

local ok, why = pcall(function()
  assert(vim.wait(WAIT, function() return #errors() > 0 end), 'no diagnostics')
  local wrong = errors()[1]
  seen.diagnostic = { line = wrong.lnum + 1, message = wrong.message }

  seen.hover = ask('textDocument/hover', at(13, 3)).contents.value
  local offers = ask('textDocument/completion', at(13, 2))
  seen.completion = {}
  for _, item in ipairs(offers.items or offers) do table.insert(seen.completion, item.label) end

  local range = { start = { line = wrong.lnum, character = wrong.col }, ['end'] = { line = wrong.end_lnum, character = wrong.end_col } }
  local actions = ask('textDocument/codeAction', {
    textDocument = vim.lsp.util.make_text_document_params(),
    range = range,
    context = { diagnostics = { wrong.user_data.lsp and vim.tbl_extend('force', wrong.user_data.lsp, { range = range, message = wrong.message }) or nil } },
  })
  for _, action in ipairs(actions) do
    if action.edit and action.kind == 'quickfix' then
      seen.fix = action.title
      vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
      break
    end
  end
  assert(vim.wait(WAIT, function() return #errors() == 0 end), 'the fix fixes nothing')
  vim.lsp.buf.formatting_sync(nil, WAIT)
  seen.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  seen.syntax = vim.fn.synIDattr(vim.fn.synID(1, 1, 1), 'name')
end)
if not ok then seen.problem = tostring(why) end
io.stdout:write('\n' .. vim.json.encode(seen) .. '\n')
vim.cmd('qa!')
