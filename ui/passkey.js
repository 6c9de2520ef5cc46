/* passkey.js - makes a passkey, or signs in with one: asks the device, puts what it says into the form, sends the form. */
(function () {
  'use strict';
  function text(bytes) {
    return btoa(String.fromCharCode.apply(null, new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }
  function bytes(text) {
    return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), function (c) { return c.charCodeAt(0); });
  }
  function say(form, what) {
    Array.prototype.forEach.call(form.querySelectorAll('[data-said]'), function (p) { p.hidden = p.dataset.said !== what; });
    what = what && form.querySelector('[data-said=' + what + ']');
    if (what) what.focus();
  }
  function send(form, said) {
    Object.keys(said).forEach(function (name) { form.elements[name].value = said[name]; });
    form.submit();
  }
  function make(form) {
    var o = JSON.parse(form.dataset.options);
    o.challenge = bytes(o.challenge);
    o.user.id = bytes(o.user.id);
    o.excludeCredentials.forEach(function (c) { c.id = bytes(c.id); });
    return navigator.credentials.create({ publicKey: o }).then(function (c) {
      return { client: text(c.response.clientDataJSON), auth: text(c.response.getAuthenticatorData()) };
    });
  }
  function use() {
    return fetch('/login/passkey', { headers: { Accept: 'application/json' } }).then(function (r) { return r.json(); }).then(function (o) {
      return navigator.credentials.get({ publicKey: { challenge: bytes(o.challenge), rpId: o.rp_id, userVerification: 'required', timeout: 120000 } });
    }).then(function (c) {
      return { id: text(c.rawId), client: text(c.response.clientDataJSON), auth: text(c.response.authenticatorData), sig: text(c.response.signature),
        handle: c.response.userHandle ? text(c.response.userHandle) : '' };
    });
  }
  Array.prototype.forEach.call(document.querySelectorAll('form[data-passkey]'), function (form) {
    var making = form.dataset.passkey === 'create', button = form.querySelector('button');
    if (!window.PublicKeyCredential || (making && !window.AuthenticatorAttestationResponse.prototype.getAuthenticatorData)) { say(form, 'old'); return; }
    button.hidden = false;
    form.addEventListener('submit', function (e) {
      e.preventDefault();
      say(form, '');
      button.setAttribute('aria-busy', 'true');
      (making ? make(form) : use()).then(function (said) { send(form, said); }).catch(function (wrong) {
        button.removeAttribute('aria-busy');
        say(form, wrong && wrong.name === 'InvalidStateError' ? 'known' : 'refused');
      });
    });
  });
}());
