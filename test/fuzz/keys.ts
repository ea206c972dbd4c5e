/**
 * Two RSA keys. They are public and nothing trusts them. They are small so that most of the time is spent on reading,
 * and fixed so that a message of an earlier run can be opened again.
 */
import { createPrivateKey } from 'node:crypto';
import { type SoftwareKey, softwareKey } from '../../src/keys/software.ts';

export const raKey: SoftwareKey = softwareKey(
  createPrivateKey(`-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALe73ZZ2Huv6UyJ+
moawzAyjDys6gYJPkAkH5DXWcB6gvyqkyhzkW9x6Tcl6OolqOv1jldrXrC9G2O8O
mfc5nUK3kTHnPZ79EDc8YTkcvyF9BCFa7RAVG5cIdI2GGSgjAKQo34mXcgPged2I
zz16umRt1WuyoJoky17kP+swdD4XAgMBAAECgYAlK0I2kArNXkS3M7l7CgUdgVcu
PZW5kPLogMowAgOIjqhdrhydH61duvhFjA6PgggQ/rZwITVaExELu352PxeK8cy3
YM1wlnlF3dwK3gFeirg79vfcHx75lwU/L7yxg+Srq0l0SSBW76GhqmKUfrUnj+RB
ljyiNUfFr5tJQW0UMQJBAOSkATaqFkuJNFy/QresnNJq8vhmYPmbbDvxyDuUoiiq
MU5mtVC4QjokinhoDDU20LxnKnSGgrua6s+l8/BYop0CQQDNuDjPEaJWbgTIWP+p
ia7znEHnB0zYA3SPSOqnjRxsS+AurTQnbswdpw3cJd9Cn9cZqiln2Au2FBbKeW7C
jbtDAkEAnbGkCKDdCbITBFkB2g7ahqIu/DYYcm/JAbsr4DQOd7+SjEF4krjTLKjh
PFR+/wDUjO0WshHH/z7E7vzFt6JaXQJAb0IW10Z+Oag+xev8OUDRcccsjToRgTI9
M9EHt55FpPxUPmpGLp1pnw/eGxYQbQPtXV/+DL93df3fZZnPIUFt6QJARkZ5AjZ6
WAX9EtLnWBk+SIKy/POxk0wzQBfnfQRW3OJeBclZR11HMlvIDSmFLmQa9glJHguJ
IuQGPH1CA57F8g==
-----END PRIVATE KEY-----`),
);

export const clientKey: SoftwareKey = softwareKey(
  createPrivateKey(`-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAMah6z4ZTA+MrQ2v
Dicv/DAc0Qi7CjGIf77awZeBv7N9c+De4uWxAThcgN5j8QALJhOAr4d4sLkwt1Zb
1IqvKdU5IFF+5dqw2Qm8GCyjbFRriBjd4bBGhIzXii90GJyJYESlmdQSb4qLClnM
J3QFyh05sRXjGzuRWmPJIrWa12g1AgMBAAECgYA4aojcLGc0C2qjdlL4wmJIcAbX
CfjNNM3DsXJGy+1c14bwGZ4sSufj0DIx+ATdVE1OQMCaI6deEf4goxhtA29Hxia2
/nyHaPBtbMt4Uxev22YXzSWXuZHuskNqJeBrrXjWEhT0ipF701ZUihieWWJQUT3u
WFXCFUJD2ybl47WhwQJBAOvLifziqbhU9vfMpCia6xUmJjycBaL6edOsTdZGYk7L
o861xAppq/byyVMQ/1NGVZw+fthfOd7psj+9kYBfpD0CQQDXpywNzjA1OWqh2FJl
FoV9I7ZYzTuGf17m5rSEH2NvP3Kr4nVs+GLRIEkWrqQzUSwn/il7LaD/s0VHyFBh
RntZAkAuvX8R2OBpwLXf8vnLbsIQxCoqM4dOgjYqBmq7geI02lsTO6arpbzHy+Kq
i6EBId0QhrbgLygqjsqdpfc0qkDFAkEApE3OFsadnC+euqiiPjqmge2PpKDZVWP9
3lav+mofzEa/C46CgP/N6h97EDkHCcIyrlXLLPpay/a+Ni68byDQIQJBAIx8JT8h
JT0xiMlMyoyN6tyQ/5XJzb9JTvksWriYg7sU8O3uCJae35AyJa/cZRIidI6Az19t
XqSmNNsMs+ZttPQ=
-----END PRIVATE KEY-----`),
);
