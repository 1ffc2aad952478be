/**
 * Watches a chat's page: what the last answer shows, and when. The same for the panel and for the floor.
 *
 * Times are milliseconds of performance.now(). Loaded before the page's own scripts; `probe.watch(kind)` begins.
 */
globalThis.probe = {
  /** Of the last Enter and the last click. */
  enter: 0,
  click: 0,

  /** When each token, by its number, was first on the page. */
  seen: [],

  /** Of the last change of the answer's text. */
  changed: 0,

  /** Frames in which the text had changed, and the longest task. */
  steps: 0,
  longest: 0,

  /** The text of the answer that is being watched. Looked for once: a look at a long page takes milliseconds. */
  get content() {
    if (!this._content?.isConnected) {
      const last = this._answers().at(-1);
      this._content = this._old.has(last) ? null : last?.querySelector('.jp-StreamChat-content');
    }
    return this._content;
  },

  /** Watch the next answer. `tokens`: when each is shown; `frames`: in how many steps; else only its end. */
  watch(what) {
    this.stop();
    Object.assign(this, { seen: [], changed: 0, steps: 0, longest: 0 });
    this._old = new Set(this._answers());
    this._content = null;
    if (what !== 'tokens' && what !== 'frames') {
      return;
    }
    let isDirty = false;
    this._observer = new MutationObserver(() => {
      const now = performance.now();
      const content = this.content;
      if (!content) {
        return;
      }
      if (what === 'tokens') {
        const last = /(\d+)\D*$/.exec(content.textContent);
        for (let i = this.seen.length; last && i <= Number(last[1]); i++) {
          this.seen.push(now);
        }
      } else if (content.hasChildNodes()) {
        isDirty = true;
        this.changed = now;
      }
    });
    this._observer.observe(document.querySelector('.jp-StreamChat'), {
      childList: true,
      characterData: true,
      subtree: true
    });
    if (what === 'frames') {
      const frame = () => {
        this.steps += isDirty ? 1 : 0;
        isDirty = false;
        this._frame = requestAnimationFrame(frame);
      };
      frame();
      this._tasks = new PerformanceObserver(list => {
        this.longest = Math.max(this.longest, ...list.getEntries().map(task => task.duration));
      });
      this._tasks.observe({ type: 'longtask' });
    }
  },

  stop() {
    this._observer?.disconnect();
    this._tasks?.disconnect();
    cancelAnimationFrame(this._frame);
  },

  /** Whether the answer that is being watched is over. */
  get isOver() {
    return this.content?.closest('.jp-StreamChat-message').dataset.status === 'finished';
  },

  _answers() {
    return [...document.querySelectorAll('.jp-StreamChat-message[data-role="assistant"]')];
  }
};

addEventListener('keydown', event => event.key === 'Enter' && (probe.enter = event.timeStamp), true);
addEventListener('click', event => (probe.click = event.timeStamp), true);
