/** Pictures of answers: one for the docs, and with JSC_PICTURES=<folder> one of each kind, width and theme. */
const base = require('./playwright.config');

module.exports = {
  ...base,
  testDir: 'pictures',
  projects: base.projects.filter(({ name }) => name === 'lab')
};
