#pragma once

#include <string_view>
#include <utility>

/// Keys and tokens of other makers, for the tests of net/jwt.h.
///
/// Those of jose were made once with its version 6.2.17 on Node.js 20: a key pair of each type by
/// generateKeyPair, exported by exportSPKI and exportJWK (`kid` added), and one token of the same
/// claims for each algorithm by SignJWT, with `alg` and, of a key pair, `kid` in the header. The
/// PKCS #1 form and the self-signed certificate of the P-256 key come from openssl 3.0. The private
/// keys were not kept.
namespace net::jwt_test {

// ---- jose

inline constexpr std::string_view kSecret =
    "a secret of this test, sixty-four bytes long, so that HS512 fits";
inline constexpr std::string_view kClaims =
    R"({"sub":"u1","iss":"acme","aud":["tasks","other"],"scope":["task:create"],"taskIds":"*","iat":1700000000,"nbf":1700000000,"exp":4000000000})";

/// By name of `alg`, `Ed25519` being the other name of EdDSA.
inline constexpr std::pair<std::string_view, std::string_view> kTokens[] = {
    {"HS256",
     "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiLCJvdGhlciJdLCJzY"
     "29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJmIjoxNzAwMDAwMDA"
     "wLCJleHAiOjQwMDAwMDAwMDB9.jJQvCZnCL4XsozLPF6XQQw101SMxyA8V3ypN11BeiQo"},
    {"HS384",
     "eyJhbGciOiJIUzM4NCJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiLCJvdGhlciJdLCJzY"
     "29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJmIjoxNzAwMDAwMDA"
     "wLCJleHAiOjQwMDAwMDAwMDB9.CewLs6u48eNOK34HPZa6bdajoRM-IMBxUhUAC8S6OuELSrQVGhaTUO2dWyBV-zcW"},
    {"HS512",
     "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiLCJvdGhlciJdLCJzY"
     "29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJmIjoxNzAwMDAwMDA"
     "wLCJleHAiOjQwMDAwMDAwMDB9.5pnMElFOHaZTVTIJwWIhzhu0gYZKVC_Bb6DTMwCQ1woSlZPEF49YUVHZiCShFr5l"
     "jwy4aKVnVe96Y8IDcs_3Mg"},
    {"RS256",
     "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiL"
     "CJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJ"
     "mIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.eQSA0QFIA0qoMsUR35RBsnCv4djpHzN0ESbElGbLyNoiQhLw"
     "FSreSarlpsOolFzxf5BI0w1Fi1u3DiyF6ZpDkHkbq-GMPzV759aCCPcRJasrE4-sX_zK8J5W98LIuoOkwVRUokSTbh"
     "i2OafmaeiVaJhpX4RgORTqH3FvsaICgvmAb-PWT6AWg2FrkFmiVkdHwy7A5aMdaI8sCe4vTTUmnF-nghkyvP8cXSUh"
     "9N3g6J2qaVgYLq0FDeLCup6qf15fmPhDxzQoS8yPLtYdVw0v6FOUZa2Cs_12SVeGbT4Uz2eziFbAJstT6YIEtxfY3b"
     "88Z33tCBNJkI0Kmtpi9JkyXg"},
    {"RS384",
     "eyJhbGciOiJSUzM4NCIsImtpZCI6InJzYSJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiL"
     "CJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJ"
     "mIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.rfy2Dtsywn8pSO486jX47qFYJ4x4SusRufDD3JUPl-8K6WxI"
     "JeXx8sopg6xP-tisiIeKqTa797dq7DxO5LGGYmES0deok3BYVagXg2RaD2sjIRWYl3Yg8FLzgBBt-Dw6DgmRhu-gRC"
     "V9mHkc_MliR3iEJA1zD2-8Uk6N_-8xmGulffY4l7kSDfPOTShKitTO38a0aV1JMowPwPL-RkXYhLZ-11J3V47QtuoX"
     "lyMM_9k1bPpLpKJpJKToCLar2sGw-Y8NcZTW-Eh8cVXUuIv-ML1-2l-Y1T8pNCs4tZqRcvVH_Jz1nD7M78BuT30UKf"
     "hCfbYFFXTp_TTCLvfGKKew6A"},
    {"RS512",
     "eyJhbGciOiJSUzUxMiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiL"
     "CJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJ"
     "mIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.vyiQdCx74xeG3rxgVN6wsmqFaqhIAIo7OLlIbYo3JyA_XA63"
     "6k-jgWHyqdGhQLHcTY7M7JEchAvmK0anVnT-GxF4hcEULkVA6AUXXphH3JeppuA_z8-snby6HOvLB0lTzZEju1kiW-"
     "h8BIfgcy3LP9sK1jo7cl6kyoI8y_65GsQT7Vxe0eiwKKPBgx8ZTIhtMe3lMB6f3tyexuY9fqCewnGhnRrbemQaWofp"
     "iiyJelYQt_m8VfsyNE1WHIiLiv1mcWknuNcQ5UGT4jX64YlpSFy0nRILpBOt9ezkwjC_haO5WxxiSVTIc8Jv3JOLTK"
     "j3AwRhHnUqIqmdgp8SNsH1rQ"},
    {"PS256",
     "eyJhbGciOiJQUzI1NiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiL"
     "CJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJ"
     "mIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.KEf8d1LfSDXTi4GZLgNjyO-rX7tIRnubTKaNog73aidv1UW1"
     "E0BBzq9eRSjM0rTsFdwX5V3qhfBWJeJ81SbbGb1TlAM2t1kM8r-QUf-qNkZ_D7_F6uv8NGyaa4B-XovInan46jz31O"
     "72I8nU6Qf8vK_xxlIJMxEXFLoKh_8A941qzvrc22c09GOfwD85bmm6MxBe6V1gX-Sl4X1dNm4cn9-1iW8oSIfJRbeZ"
     "VvHig49hupLQpPrvvQWxiFZ7OWETrCu3hYyK1Vdb-1QBfRXZ44jYO6zsysrvYFJXRJuse69hig3F9UW0Jgg21SxM-_"
     "9et89DX2Dfyvw9DbR0I3lPaQ"},
    {"PS384",
     "eyJhbGciOiJQUzM4NCIsImtpZCI6InJzYSJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiL"
     "CJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJ"
     "mIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.y3smT0c732cMakS5jhIjduyZ-_Ln3dkeAQ0mXFZ6bAziCjog"
     "nxH4r6YEpPaCrbs8I-NVJh_31-TOoCd9oFRZzGa3RvGO4uZuhMB1kKsaNG2-tKyJ6SiHrdzUovDP5u6PZlX2hiK2SX"
     "Y6IyftRFzqMft23O4E_H2Wgdg_69tDImb85JYhzkvRsuHebaAjfteqWl4yhbusjhnUpmyQJI4u0FqdIZWynENCFa20"
     "Nu3Rzu9pNM0ste39Nnr9MxKMDJFEv0b6fGVA269lC4WCXVx-kfcN7SxkvdMMrRoBAuRjlEx32fiIUEMs3XNbp3b44M"
     "NuPJbWyqrCYIVyR1UVbVjxkQ"},
    {"PS512",
     "eyJhbGciOiJQUzUxMiIsImtpZCI6InJzYSJ9.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiL"
     "CJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJ"
     "mIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.KlBzJLArI7uTKnhXUHimN4mc_WNtdX7-16Y7Da6MH5vV89Ry"
     "0cUWJwHH5kVqFHOYXYgtxs-NsYUR7XhgP6fdE2fZY-sZ5NtrL0Bao4KUxQHH_EPPeMYsUftv3PAcxvYzfVVFUg5xMB"
     "vXFdXbKKSgce4QZZt9c6EkKEIhb2ZOglTPmtbSC7RuyDBdQzPI3ETXWSQgRWIqCNHwDl8o-IZenAuAenUNbbp47izs"
     "rLM9RrSbNm7RlfQr6GnisSs-aIqh5RtbdBbSrjYUmXQtp1Lnh18zg4Rauk5Z4S3NEMpQiO6kU6e6Omtqp9s88EVoZZ"
     "5ri1ef5AjL3yUdqLRU27OknQ"},
    {"ES256",
     "eyJhbGciOiJFUzI1NiIsImtpZCI6InAyNTYifQ.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3M"
     "iLCJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwib"
     "mJmIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.rYbzBBT9L-dQ6csbHW-SleyDrMTLZVEJdvJBntyL240OJS"
     "onx97V5UR_4szWuAQ7fP6-pXkp8s3owH0yBFCvpw"},
    {"ES384",
     "eyJhbGciOiJFUzM4NCIsImtpZCI6InAzODQifQ.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3M"
     "iLCJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwib"
     "mJmIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.oLPE18nOSrWgHIgen4IV2ZkqKlP4HU50i0hTn2sPmE7D8V"
     "GY9MsbKtXaXmyHxWLK6poxkredp3r_FQSlcijundEPZhu02jDFkPbyjziX2M3TUs0ieyHQztBp2Pda54Vp"},
    {"ES512",
     "eyJhbGciOiJFUzUxMiIsImtpZCI6InA1MjEifQ.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3M"
     "iLCJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwib"
     "mJmIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.AMhOJdk_3J-amtpl6nYJcvI88hGMlkWGRemVJ_Rgq6eBAa"
     "cafeUWddsVXbw_enHqimURfaqpSwmuRgDyuWxYaYItAD-FZz93IP__bJU9uxRZXFupb2v66cpcrCtMk_S-E5rHoTUP"
     "fZCK1OY933SIPxQyxAqGIlSLsLL8THkghVAFzOzk"},
    {"EdDSA",
     "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkMjU1MTkifQ.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGF"
     "za3MiLCJvdGhlciJdLCJzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwM"
     "CwibmJmIjoxNzAwMDAwMDAwLCJleHAiOjQwMDAwMDAwMDB9.PZcYr3MgGBQDEPxJpR1QtUEcSfV-mE-fpaOmEhhNOO"
     "HGi7BUzUNxmMjVLB7OvCB09hIH12t4gt5NmOgBKulVAA"},
    {"Ed25519",
     "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ1MSIsImlzcyI6ImFjbWUiLCJhdWQiOlsidGFza3MiLCJvdGhlciJdLC"
     "JzY29wZSI6WyJ0YXNrOmNyZWF0ZSJdLCJ0YXNrSWRzIjoiKiIsImlhdCI6MTcwMDAwMDAwMCwibmJmIjoxNzAwMDAw"
     "MDAwLCJleHAiOjQwMDAwMDAwMDB9.ohR8zKaTxu-5nXiZlcuPkifAvc6AnSIbkV7XrqZAhVWRwimgZjr2vVhlvFwqp"
     "1aPVwcQ0GhOGmH-_3WDuH69Bg"},
};

inline constexpr std::string_view kRsaPem = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAz6kBhRUVr4GIUW8ZH5l9
VtgwwPOcgsbHGXfvJgH//ZrRxNy93STMMztFDR6ywktwoRk7y/dmoMkuanRn1nSZ
b4a3qShX8FC1cHAGznB6vedzgRA/elQxC5ogQUxS31OCstUWESRvuNbvutkjfM2d
T1SS0GYGetzk3A2POcWgN3qtq0S3mavrLN8mjX3G6yyx+WQyIFFj65RM63z4yzcV
yNCfzyu9zm+A+q+gpOpOERz7uRcD3hmqdzOOz0k7ky3uGeXzXvM5MFrH1RapqIn9
8QKl05XhBcHk8OfAH9eLUZJySsjjpkJM4gXNZXDHqpz0Ab81D/N4C6VyIAr5BIwi
SwIDAQAB
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view kRsaPkcs1Pem = R"(-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAz6kBhRUVr4GIUW8ZH5l9VtgwwPOcgsbHGXfvJgH//ZrRxNy93STM
MztFDR6ywktwoRk7y/dmoMkuanRn1nSZb4a3qShX8FC1cHAGznB6vedzgRA/elQx
C5ogQUxS31OCstUWESRvuNbvutkjfM2dT1SS0GYGetzk3A2POcWgN3qtq0S3mavr
LN8mjX3G6yyx+WQyIFFj65RM63z4yzcVyNCfzyu9zm+A+q+gpOpOERz7uRcD3hmq
dzOOz0k7ky3uGeXzXvM5MFrH1RapqIn98QKl05XhBcHk8OfAH9eLUZJySsjjpkJM
4gXNZXDHqpz0Ab81D/N4C6VyIAr5BIwiSwIDAQAB
-----END RSA PUBLIC KEY-----
)";

inline constexpr std::string_view kP256Pem = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXgw8cG+Ugg0fT7dr63snK7FtX7vT
lo00w9fBLuzDZCOxyCGpSnDPR0c1pTn+kCgi31t6QeiAqzvzQx3JH1R5Ag==
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view kP256Certificate = R"(-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUMJEYbLBDd5cwaTngvnlHeXDT5kcwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjExNDA1MTZaFw0yNjExMjIxNDA1MTZa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAReDDxw
b5SCDR9Pt2vreycrsW1fu9OWjTTD18Eu7MNkI7HIIalKcM9HRzWlOf6QKCLfW3pB
6ICrO/NDHckfVHkCo1MwUTAdBgNVHQ4EFgQUPB7wLICUb+RWbmEjG2VF1lRIGNQw
HwYDVR0jBBgwFoAUPB7wLICUb+RWbmEjG2VF1lRIGNQwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiBnwye1hzgcURO3tj2rEKtRw6bIw1WvT9xthBD7
82vzMgIhALdH9szMITsiwDsGKlpupcjaqU3RfazlKxQpGvUK7Lef
-----END CERTIFICATE-----
)";

inline constexpr std::string_view kP384Pem = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEcXlpTEJNMR21Tmf3Zw3wwkn143ZNHKbh
NcYt5JpbFDf6efrw56P6di9Aat5q1EWlSbBfraHeZeyVNhnYGO8cmocupvOmTbF1
AREPTBffhWNCZYNMbndDNpt2szeKVG0l
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view kP521Pem = R"(-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBDkQfcUUBeh0RqquME8ZrUorFW3Yd
pbCAyNfX+ic0lzJeSUfON2E8zrw15uV8mM8kbVSDoc8XiEwZF67EU1X3JoMBGugK
dBzzEAxUJvcT07vpUknPDEksuxTtaQvPO+puL/U2qS7VQVGCm1YolAoNzu9UO5D8
uKseokkKBvXh7kMNlzg=
-----END PUBLIC KEY-----
)";

inline constexpr std::string_view kEd25519Pem = R"(-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAb38GdfxRPBe5OY0HEP9xCwKnc8GpZqLCXeYgwJMPgyI=
-----END PUBLIC KEY-----
)";

/// With their `kid`: rsa, p256, p384, p521, ed25519.
inline constexpr std::string_view kRsaJwk =
    R"({"kty":"RSA","n":"z6kBhRUVr4GIUW8ZH5l9VtgwwPOcgsbHGXfvJgH__ZrRxNy93STMMztFDR6ywktwoRk7y_dmoMkuanRn1nSZb4a3qShX8FC1cHAGznB6vedzgRA_elQxC5ogQUxS31OCstUWESRvuNbvutkjfM2dT1SS0GYGetzk3A2POcWgN3qtq0S3mavrLN8mjX3G6yyx-WQyIFFj65RM63z4yzcVyNCfzyu9zm-A-q-gpOpOERz7uRcD3hmqdzOOz0k7ky3uGeXzXvM5MFrH1RapqIn98QKl05XhBcHk8OfAH9eLUZJySsjjpkJM4gXNZXDHqpz0Ab81D_N4C6VyIAr5BIwiSw","e":"AQAB","kid":"rsa"})";
inline constexpr std::string_view kP256Jwk =
    R"({"kty":"EC","x":"Xgw8cG-Ugg0fT7dr63snK7FtX7vTlo00w9fBLuzDZCM","y":"scghqUpwz0dHNaU5_pAoIt9bekHogKs780MdyR9UeQI","crv":"P-256","kid":"p256"})";
inline constexpr std::string_view kP384Jwk =
    R"({"kty":"EC","x":"cXlpTEJNMR21Tmf3Zw3wwkn143ZNHKbhNcYt5JpbFDf6efrw56P6di9Aat5q1EWl","y":"SbBfraHeZeyVNhnYGO8cmocupvOmTbF1AREPTBffhWNCZYNMbndDNpt2szeKVG0l","crv":"P-384","kid":"p384"})";
inline constexpr std::string_view kP521Jwk =
    R"({"kty":"EC","x":"AQ5EH3FFAXodEaqrjBPGa1KKxVt2HaWwgMjX1_onNJcyXklHzjdhPM68NeblfJjPJG1Ug6HPF4hMGReuxFNV9yaD","y":"ARroCnQc8xAMVCb3E9O76VJJzwxJLLsU7WkLzzvqbi_1Nqku1UFRgptWKJQKDc7vVDuQ_LirHqJJCgb14e5DDZc4","crv":"P-521","kid":"p521"})";
inline constexpr std::string_view kEd25519Jwk =
    R"({"crv":"Ed25519","x":"b38GdfxRPBe5OY0HEP9xCwKnc8GpZqLCXeYgwJMPgyI","kty":"OKP","kid":"ed25519"})";

// ---- the RFCs

// RFC 7515, A.1, in base64url
inline constexpr std::string_view kRfcHs256Secret =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
inline constexpr std::string_view kRfcHs256Token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogI"
    "mh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
// RFC 7515, A.2
inline constexpr std::string_view kRfcRs256Jwk =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
inline constexpr std::string_view kRfcRs256Token =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
    "mNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWz"
    "O75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES"
    "c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlU"
    "PQGe77Rw";
// RFC 7515, A.3
inline constexpr std::string_view kRfcEs256Jwk =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
inline constexpr std::string_view kRfcEs256Token =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlL"
    "mNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";
// RFC 8037, A.4; the payload is no JSON
inline constexpr std::string_view kRfcEdDsaJwk =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
inline constexpr std::string_view kRfcEdDsaToken =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGc"
    "vMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

}  // namespace net::jwt_test
