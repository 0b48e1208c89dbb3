// Makes and uses passkeys: <form data-passkey="create|get" data-passkey-options="id of the options">. Without JavaScript a code does.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

const withBytes = (list) => (list ?? []).map((item) => ({ ...item, id: bytes(item.id) }))

function forCreation ({ publicKey }) {
  return {
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials)
    }
  }
}

function forUse ({ publicKey }) {
  return { publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: withBytes(publicKey.allowCredentials) } }
}

function asJson (credential) {
  const { response } = credential
  const parts = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']
  const answer = Object.fromEntries(parts.filter((part) => response[part]).map((part) => [part, text(response[part])]))
  if (response.getTransports) {
    answer.transports = response.getTransports()
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults()
  })
}

document.querySelectorAll('form[data-passkey]').forEach((form) => {
  if (!window.PublicKeyCredential) {
    return
  }
  const options = JSON.parse(document.getElementById(form.dataset.passkeyOptions).textContent)
  const complaint = form.querySelector('[data-passkey-error]')
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    complaint.hidden = true
    try {
      const credential = form.dataset.passkey === 'create'
        ? await navigator.credentials.create(forCreation(options))
        : await navigator.credentials.get(forUse(options))
      form.elements.credential.value = asJson(credential)
      form.submit()
    } catch {
      // Cancelled, timed out, or the device knows no such passkey: the person can try again.
      complaint.hidden = false
    }
  })
})
