package wire

import "strings"

// Codes of ISO 4217 by how many digits follow the point, those in use and those
// that left use lately, each followed by a space. Two digits is the rule.
const (
	wholeUnits = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "
	thousands  = "BHD IQD JOD KWD LYD OMR TND "
	fourDigits = "CLF UYW "
	hundreds   = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD " +
		"CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD " +
		"GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD " +
		"MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB " +
		"SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN " +
		"UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL "
)

// Exponent returns how many digits of an amount in currency, an ISO 4217 code
// in upper case, follow the decimal point, and false for a code that is none.
//
// These are ISO's exponents, in which payment providers count too. The tables
// that come with locales differ (they give the Serbian dinar none), because they
// say how amounts are usually shown.
func Exponent(currency string) (places int, ok bool) {
	if len(currency) != 3 || strings.Contains(currency, " ") {
		return 0, false
	}
	switch {
	case listed(hundreds, currency):
		return 2, true
	case listed(wholeUnits, currency):
		return 0, true
	case listed(thousands, currency):
		return 3, true
	case listed(fourDigits, currency):
		return 4, true
	}
	return 0, false
}

// listed reports whether code stands in a list of codes of three letters with a
// space after each.
func listed(list, code string) bool {
	for i := 0; i < len(list); i += 4 {
		if list[i:i+3] == code {
			return true
		}
	}
	return false
}
