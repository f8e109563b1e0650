package pgfn

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fixedAbbreviations are those of PostgreSQL's default set with one offset, in seconds.
const fixedAbbreviations = "" +
	"eat=10800 sast=7200 wat=3600 act=-18000 akdt=-28800 akst=-32400 bot=-14400 bra=-10800 " +
	"brst=-7200 brt=-10800 cot=-18000 cdt=-18000 clst=-10800 cst=-21600 edt=-14400 egst=0 " +
	"egt=-3600 est=-18000 fnt=-7200 fnst=-3600 gft=-10800 mdt=-21600 mst=-25200 ndt=-9000 " +
	"nft=-12600 nst=-12600 pet=-18000 pdt=-25200 pmdt=-7200 pmst=-10800 pst=-28800 pyst=-10800 " +
	"uyst=-7200 uyt=-10800 wgst=-7200 wgt=-10800 ddut=36000 aft=16200 almt=21600 almst=25200 " +
	"amt=-14400 bdt=21600 bnt=28800 bort=28800 btt=21600 cct=28800 hkt=28800 ict=25200 idt=10800 " +
	"irt=12600 ist=7200 jayt=32400 jst=32400 kdt=36000 kgst=21600 kst=32400 mmt=23400 myt=28800 " +
	"npt=20700 pht=28800 pkt=18000 pkst=21600 tjt=18000 ulast=32400 uzst=21600 uzt=18000 " +
	"xjt=21600 yekst=21600 adt=-10800 ast=-14400 azost=0 azot=-3600 acsst=37800 acdt=37800 " +
	"acst=34200 acwst=31500 aesst=39600 aedt=39600 aest=36000 awsst=32400 awst=28800 cadt=37800 " +
	"cast=34200 lhst=37800 ligt=36000 nzt=43200 sadt=37800 wadt=28800 wast=25200 wdt=32400 gmt=0 " +
	"uct=0 ut=0 utc=0 z=0 zulu=0 bst=3600 bdst=7200 cest=7200 cet=3600 cetdst=7200 eest=10800 " +
	"eet=7200 eetdst=10800 fet=10800 mest=7200 mesz=7200 met=3600 metdst=7200 mez=3600 msd=14400 " +
	"wet=0 wetdst=3600 cxt=25200 mut=14400 must=18000 mvt=18000 ret=14400 sct=14400 tft=18000 " +
	"chadt=49500 chast=45900 chut=36000 fjst=46800 fjt=43200 galt=-21600 gamt=-32400 gilt=43200 " +
	"hst=-36000 mart=-34200 mht=43200 mpt=36000 nzdt=46800 nzst=43200 pgt=36000 pont=39600 " +
	"pwt=32400 taht=-36000 tot=46800 trut=36000 tvt=43200 vut=39600 wakt=43200 wft=43200 " +
	"yapt=36000 "

// zoneAbbreviations are those whose meaning changed with time.
const zoneAbbreviations = "" +
	"art=America/Argentina/Buenos_Aires arst=America/Argentina/Buenos_Aires clt=America/Santiago " +
	"gyt=America/Guyana pyt=America/Asuncion vet=America/Caracas davt=Antarctica/Davis " +
	"mawt=Antarctica/Mawson amst=Asia/Yerevan anast=Asia/Anadyr anat=Asia/Anadyr azst=Asia/Baku " +
	"azt=Asia/Baku gest=Asia/Tbilisi get=Asia/Tbilisi irkst=Asia/Irkutsk irkt=Asia/Irkutsk " +
	"kgt=Asia/Bishkek krast=Asia/Krasnoyarsk krat=Asia/Krasnoyarsk lkt=Asia/Colombo " +
	"magst=Asia/Magadan magt=Asia/Magadan novst=Asia/Novosibirsk novt=Asia/Novosibirsk " +
	"omsst=Asia/Omsk omst=Asia/Omsk petst=Asia/Kamchatka pett=Asia/Kamchatka sgt=Asia/Singapore " +
	"tmt=Asia/Ashgabat ulat=Asia/Ulaanbaatar vlast=Asia/Vladivostok vlat=Asia/Vladivostok " +
	"yakst=Asia/Yakutsk yakt=Asia/Yakutsk yekt=Asia/Yekaterinburg fkst=Atlantic/Stanley " +
	"fkt=Atlantic/Stanley lhdt=Australia/Lord_Howe msk=Europe/Moscow volt=Europe/Volgograd " +
	"iot=Indian/Chagos ckt=Pacific/Rarotonga easst=Pacific/Easter east=Pacific/Easter " +
	"kost=Pacific/Kosrae lint=Pacific/Kiritimati nut=Pacific/Niue tkt=Pacific/Fakaofo "

// abbreviations are the zones of both.
var abbreviations = sync.OnceValue(func() map[string]*time.Location {
	m := map[string]*time.Location{}
	for _, entry := range strings.Fields(fixedAbbreviations) {
		name, offset, _ := strings.Cut(entry, "=")
		seconds, _ := strconv.Atoi(offset)
		m[name] = time.FixedZone(strings.ToUpper(name), seconds)
	}
	for _, entry := range strings.Fields(zoneAbbreviations) {
		name, zone, _ := strings.Cut(entry, "=")
		if loc, err := time.LoadLocation(zone); err == nil {
			m[name] = loc
		}
	}
	m["utc"] = time.UTC
	return m
})

// zones are the results of ZoneOf; there are only so many names.
var zones sync.Map

// ZoneOf is the zone that AT TIME ZONE names: an abbreviation, a name in any case, or as
// POSIX has it a name and an offset that counts west. An abbreviation that has meant more
// than one offset is taken as the place's whole zone.
func ZoneOf(text string) (*time.Location, error) {
	if z, ok := zones.Load(text); ok {
		return z.(*time.Location), nil
	}
	lower := strings.ToLower(text)
	loc, ok := abbreviations()[lower]
	if !ok {
		loc, ok = loadZone(text)
	}
	if !ok {
		if loc, ok = posixZone(text); ok {
			return loc, nil // not kept: there is no end of them
		}
		return nil, invalidParameter("time zone \"%s\" not recognized", text)
	}
	zones.Store(strings.Clone(text), loc)
	return loc, nil
}

// zoneDirectory is where the names are looked up whose case is not known.
const zoneDirectory = "/usr/share/zoneinfo"

// loadZone finds a name whatever its case.
func loadZone(name string) (*time.Location, bool) {
	lower := strings.ToLower(name)
	if name == "" || lower == "local" || strings.ContainsAny(name, ".\\") || len(name) > 60 {
		return nil, false
	}
	if loc, err := time.LoadLocation(name); err == nil {
		return loc, true
	}
	// The names that capitals in the usual places give, then what the directory has.
	for _, guess := range [...]string{strings.ToUpper(name), capitalize(lower)} {
		if loc, err := time.LoadLocation(guess); err == nil {
			return loc, true
		}
	}
	path := ""
	for step := range strings.SplitSeq(name, "/") {
		entries, err := os.ReadDir(zoneDirectory + "/" + path)
		if err != nil {
			return nil, false
		}
		found := ""
		for _, e := range entries {
			if strings.EqualFold(e.Name(), step) {
				found = e.Name()
			}
		}
		if found == "" {
			return nil, false
		}
		path += "/" + found
	}
	loc, err := time.LoadLocation(strings.TrimPrefix(path, "/"))
	return loc, err == nil
}

// capitalize writes europe/isle_of_man with capitals after punctuation.
func capitalize(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' && (i == 0 || !isLetter(b[i-1])) {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// posixZone takes "UTC+3", "<+02>-2" and "+05:30": a name that may be missing, and an
// offset, positive west of Greenwich. Rules of summer time are not taken.
func posixZone(s string) (*time.Location, bool) {
	name := ""
	if strings.HasPrefix(s, "<") {
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return nil, false
		}
		name, s = s[1:end], s[end+1:]
	} else {
		end := strings.IndexAny(s, "+-0123456789,")
		if end < 0 {
			return nil, false
		}
		name, s = s[:end], s[end:]
		for i := range len(name) {
			if !isLetter(name[i]) {
				return nil, false
			}
		}
	}
	sign := -1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = 1
		}
		s = s[1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return nil, false
	}
	total, unit := 0, 3600
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		limit := 59
		if i == 0 {
			limit = 24*7 - 1
		}
		if err != nil || v < 0 || v > limit || strings.Trim(p, "0123456789") != "" {
			return nil, false
		}
		total += v * unit
		unit /= 60
	}
	return time.FixedZone(strings.ToUpper(name), sign*total), true
}

// ZoneOfInterval is the zone at an interval's offset from UTC.
func ZoneOfInterval(iv Interval) (*time.Location, error) {
	if iv.Months != 0 || iv.Days != 0 {
		return nil, invalidParameter("interval time zone \"%s\" must not include months or days", iv)
	}
	return time.FixedZone("", int(iv.Micros/microsPerSecond)), nil
}
