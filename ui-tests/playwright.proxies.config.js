/** The panel behind servers that nobody here wrote: `tests/foreign` starts them, and says where (`make test-proxy`). */
const base = require('./playwright.config');

module.exports = {
  ...base,
  testDir: 'proxies',
  projects: undefined,
  webServer: undefined,
  reporter: [['line']],
  use: { ...base.use, baseURL: process.env.JSC_URL }
};
