/** Where the servers under test listen; `playwright.config.js` starts them there. */
export const LAB_PORT = Number(process.env.JSC_PORT || 8897);
export const LAB_URL = `http://127.0.0.1:${LAB_PORT}`;
