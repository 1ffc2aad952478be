/** Two projects: the panel in JupyterLab and in Notebook 7, answered by the scripted provider and by real models. */
const { tmpdir } = require('os');
const path = require('path');
const base = require('@jupyterlab/galata/lib/playwright-config');

// Four ports of this run's own, below those that the system hands out. The workers inherit the choice.
process.env.JSC_PORT ||= String(11000 + (process.pid % 5000) * 4);
const labPort = Number(process.env.JSC_PORT);
const notebookPort = labPort + 1;
const providerPort = labPort + 2;
const config = '--config jupyter_server_test_config.py';
const root = process.getuid?.() === 0 ? '--allow-root' : '';

// JupyterLab writes the log of tokens, a test reads it; this file is read by both their parents.
process.env.JSC_TOKEN_LOG ??= path.join(tmpdir(), `stream-chat-tokens-${labPort}.log`);

// JupyterLab keeps its chats there, a test puts a very long one beside them.
process.env.JSC_DATA_DIR ??= path.join(tmpdir(), `stream-chat-data-${labPort}`);

// A local model whose answers last long enough to be reloaded, stopped and resumed, and number their tokens.
const model = path.join(tmpdir(), `stream-chat-model-${labPort}`);

/** Each server keeps its chats in a folder of its own. */
function server(command, port, page) {
  return {
    command: `jupyter ${command} ${root} --ServerApp.port=${port} --ServerApp.port_retries=0 ${config}`,
    url: `http://127.0.0.1:${port}${page}`,
    timeout: 120000,
    reuseExistingServer: false,
    env: {
      JSC_MODEL: model,
      JSC_PROVIDER_URL: `http://127.0.0.1:${providerPort}`,
      JSC_DATA_DIR: process.env.JSC_DATA_DIR + (command === 'lab' ? '' : '-notebook'),
      JSC_TOKEN_LOG: command === 'lab' ? process.env.JSC_TOKEN_LOG : ''
    }
  };
}

module.exports = {
  ...base,
  testDir: 'tests',
  timeout: 120000,
  expect: { timeout: 15000 },
  workers: 1,
  retries: 0,
  reporter: [['list']],
  use: {
    ...base.use,
    video: 'off',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update']
    }
  },
  projects: [
    {
      name: 'lab',
      testIgnore: '**/notebook.spec.ts',
      use: { baseURL: `http://127.0.0.1:${labPort}` }
    },
    {
      name: 'notebook',
      testMatch: '**/notebook.spec.ts',
      use: { baseURL: `http://127.0.0.1:${notebookPort}`, appPath: '' }
    }
  ],
  webServer: [
    {
      command: `python -m tests.tiny_model ${model} && python -m tests.scripted_provider --port ${providerPort}`,
      cwd: '..',
      url: `http://127.0.0.1:${providerPort}/_requests`,
      timeout: 60000
    },
    server('lab', labPort, '/lab'),
    server('notebook', notebookPort, '/tree')
  ]
};
