/* pedel.js - what HTML cannot do alone: keys (ui.md, section 7), the running timer, the offline line, focus on errors.
   Every page works without it. Buttons and links say their own key with data-key="a". */
(function () {
  'use strict';
  var body = document.body, go = { i: '/console/', s: '/console/tickets', l: '/console/promises', k: '/console/customers',
    e: '/console/catalogue', f: '/console/time' }, waiting = 0;

  /* what J and K walk through: rows of tables are marked, rows of queues get the focus */
  function rows() {
    return Array.prototype.filter.call(document.querySelectorAll('.main .pad .tbl tbody tr, .tbl[data-v=flush] tbody tr, .main .queue[data-v=plan] > .row'),
      function (r) { return r.querySelector('a[href]') && r.offsetParent; });
  }
  function current() {
    return rows().findIndex(function (r) { return r.getAttribute('aria-selected') === 'true' || (r.tagName === 'LI' && r.contains(document.activeElement)); });
  }
  function move(step) {
    var all = rows(), at = current(), next = Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step));
    if (!all.length) return;
    if (at >= 0) { all[at].removeAttribute('aria-selected'); if (all[at].contains(document.activeElement)) document.activeElement.blur(); }
    if (all[next].tagName === 'LI') all[next].querySelector('a[href]').focus(); else all[next].setAttribute('aria-selected', 'true');
    all[next].scrollIntoView({ block: 'nearest' });
  }
  function press(key) {
    var row = rows()[current()], inRow = row && row.querySelector('[data-key="' + key + '"]');
    var it = inRow || document.querySelector('[data-key="' + key + '"]');
    if (!it) return false;
    if (row && it.closest('.bulk') && !document.querySelector('[name=t]:checked')) row.querySelector('[name=t]').checked = true;
    if (it.type === 'radio') { it.click(); it = it.form.querySelector('textarea') || it; }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(it.tagName)) it.focus(); else it.click();
    if (it.tagName === 'SUMMARY' && it.parentNode.open && (row = it.parentNode.querySelector('button'))) row.focus();
    return true;
  }
  function busy(el) { return el.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]'); }

  document.addEventListener('keydown', function (e) {
    var key = e.key.toLowerCase(), row, find;
    if (e.ctrlKey && e.key === 'Enter' && e.target.form) {
      e.preventDefault();
      if (e.target.form.requestSubmit) e.target.form.requestSubmit(); else e.target.form.submit();
      return;
    }
    if (e.key === 'Escape') {
      Array.prototype.forEach.call(document.querySelectorAll('details.menu[open]'), function (d) { d.open = false; if (d.contains(e.target)) d.firstElementChild.focus(); });
      if (busy(e.target)) e.target.blur();
      else if (location.hash === '#nav') location.hash = 'main';
      else if (document.querySelector('.keymap[data-back]') && history.length > 1) history.back();
      return;
    }
    if (body.dataset.keys !== 'on' || e.ctrlKey || e.metaKey || e.altKey || busy(e.target)) return;
    if (waiting && Date.now() - waiting < 1500 && go[key]) { waiting = 0; location.href = go[key]; e.preventDefault(); return; }
    waiting = 0;
    if (key === 'g') { waiting = Date.now(); return; }
    if (key === '/') { find = document.querySelector('.rail .find input'); if (find) { find.focus(); find.select(); e.preventDefault(); } return; }
    if (e.key === '?') { location.href = '/console/keys'; return; }
    if ((key === 'j' || key === 'k') && !document.querySelector('[data-key=' + key + ']')) { move(key === 'j' ? 1 : -1); e.preventDefault(); return; }
    row = rows()[current()];
    if (e.key === 'Enter' && row && e.target === body) { find = row.querySelector('a[href]'); if (find) find.click(); return; }
    if (key === 'x' && row) { find = row.querySelector('input[type=checkbox]'); if (find) find.click(); return; }
    if (/^[a-z]$/.test(key) && press(key)) e.preventDefault();
  });

  /* the timer counts on between page loads */
  Array.prototype.forEach.call(document.querySelectorAll('[data-minutes]'), function (el) {
    var began = Date.now() - Number(el.dataset.minutes) * 60000, text = el.querySelector('span:not(.vh):not(.av)') || el;
    setInterval(function () {
      var m = Math.floor((Date.now() - began) / 60000);
      text.textContent = Math.floor(m / 60) + ':' + ('0' + m % 60).slice(-2);
    }, 15000);
  });

  /* chosen files are named in the page's own words */
  body.dataset.js = '';
  document.addEventListener('change', function (e) {
    var word = e.target.type === 'file' && e.target.parentNode.querySelector('.word');
    if (!word) return;
    word.dataset.empty = word.dataset.empty || word.textContent;
    word.textContent = Array.prototype.map.call(e.target.files, function (f) { return f.name; }).join(', ') || word.dataset.empty;
  });

  /* the server refuses what is too large unread, and the form with it: so it is said here */
  function tooLarge(input) {
    var most = Number(input.dataset.most), p = document.getElementById('e-' + input.name), all = 0;
    Array.prototype.forEach.call(input.files, function (f) { all += f.size; });
    if (p) p.hidden = all <= most; else if (all > most) {
      p = document.createElement('p');
      p.className = 'err'; p.id = 'e-' + input.name; p.textContent = input.dataset.said; p.setAttribute('role', 'alert');
      (input.closest('.field') || input.closest('.split')).append(p);
    }
    return all > most;
  }
  document.addEventListener('change', function (e) { if (e.target.dataset.most) tooLarge(e.target); });
  document.addEventListener('submit', function (e) {
    var input = e.target.querySelector('[data-most]');
    if (input && tooLarge(input)) { e.preventDefault(); input.focus(); }
  });

  function line() { var bar = document.getElementById('offline'); if (bar) bar.hidden = navigator.onLine; }
  window.addEventListener('online', line);
  window.addEventListener('offline', line);
  line();

  function errors(root) { var e = root.querySelector && root.querySelector('#errors'); if (e) e.focus(); }
  errors(document);
  document.addEventListener('htmx:afterSwap', function (e) { errors(e.target); line(); });

  /* never replace what somebody is in the middle of */
  document.addEventListener('htmx:beforeSwap', function (e) {
    var t = e.detail.target, s = e.detail.xhr && e.detail.xhr.status;
    var asked = e.detail.requestConfig;
    if (asked && asked.verb === 'get' && !asked.triggeringEvent && t && (t.matches(':hover') || t.contains(document.activeElement)))
      e.detail.shouldSwap = false;          /* a timed refresh: nobody asked for it just now */
    if (s === 422 || s === 400 || s === 409) { e.detail.shouldSwap = true; e.detail.isError = false; }
  });
  document.addEventListener('htmx:sendError', function () { var bar = document.getElementById('offline'); if (bar) bar.hidden = false; });

  /* What is typed in one form is not lost by a button of another one: it is put back where that form is shown again, for ten minutes.
     No passwords, no files, nothing hidden, and no box that says one is sure or picks rows; signing out empties the shelf. Links that lead away from a form say data-shelve. */
  function shelf() { try { return JSON.parse(sessionStorage.getItem('typed')) || []; } catch (e) { return []; } }
  function shelve(list) { try { sessionStorage.setItem('typed', JSON.stringify(list)); } catch (e) { /* full, or not allowed */ } }
  function action(f) { return f.form && f.form.method === 'post' && f.name ? f.form.getAttribute('action') : null; }
  function typed(f) {
    if (/^(checkbox|radio)$/.test(f.type)) return f.checked !== f.defaultChecked;
    if (f.tagName === 'SELECT') return Array.prototype.some.call(f.options, function (o, i) { return o.selected !== (o.defaultSelected || (!i && !f.querySelector('[selected]'))); });
    return f.value !== f.defaultValue || (f.tagName === 'TEXTAREA' && f.name === 'body' && f.value !== '');
  }
  function fields() { return Array.prototype.filter.call(document.querySelectorAll('main input, main textarea, main select'), function (f) {
    return action(f) && !/^(hidden|password|file|submit|button)$/.test(f.type) && !(f.type === 'checkbox' && /^(sure|read|totp_off|t|message)$/.test(f.name));
  }); }
  function same(f, s) { return action(f) === s.a && f.name === s.n && (!/^(checkbox|radio)$/.test(f.type) || f.value === s.v); }
  function keep(sent) {
    var here = fields(), old = shelf().filter(function (s) { return !here.some(function (f) { return same(f, s); }) && (!sent || s.a !== sent.getAttribute('action')); });
    shelve(old.concat(here.filter(function (f) { return f.form !== sent && typed(f); }).map(function (f) {
      return { a: action(f), n: f.name, v: f.value, c: f.checked, t: Date.now() };
    })).slice(-40));
  }
  if (/^\/log(in|out)/.test(location.pathname)) shelve([]);
  shelve(shelf().filter(function (s) {
    var f = fields().filter(function (x) { return same(x, s); })[0], d = f && f.closest('details');
    if (!f || Date.now() - s.t > 600000) return Date.now() - s.t < 600000;
    if (/^(checkbox|radio)$/.test(f.type)) f.checked = s.c; else f.value = s.v;
    if (d) d.open = true;
    return false;
  }));
  document.addEventListener('submit', function (e) {
    if (e.target.getAttribute('action') === '/logout') shelve([]);
    else if (!e.defaultPrevented && e.target.method === 'post') keep(e.target);
  });
  document.addEventListener('click', function (e) { if (e.target.closest('a[data-shelve]')) keep(null); });

  /* a pressed button is pressed once */
  document.addEventListener('submit', function (e) {
    var b = e.submitter;
    if (!b || e.defaultPrevented || b.getAttribute('aria-busy')) return;
    b.setAttribute('aria-busy', 'true');
    setTimeout(function () { b.removeAttribute('aria-busy'); }, 4000);
  });

  /* "Undo" stands for ten seconds */
  setTimeout(function () { var u = document.querySelector('.undo'); if (u && !u.contains(document.activeElement)) u.hidden = true; }, 10000);

  /* a ticket opens at its first unread message */
  if (location.hash.slice(0, 2) === '#m' || !location.hash) {
    var at = document.getElementById(location.hash.slice(1) || 'unread');
    if (at) at.scrollIntoView({ block: 'start' });
  }
}());
