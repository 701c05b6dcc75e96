//! The camelCase of CloudFormation's names.

/// Leading acronyms written with a small letter inside, which the general rule would tear apart.
const MIXED: [(&str, &str); 3] = [("IPv4", "ipv4"), ("IPv6", "ipv6"), ("FSx", "fsx")];

/// A property's name as scripts write it: the leading word of a CloudFormation name in lower case, an acronym as a unit
/// (`VpcId` is `vpcId`, `DNSName` is `dnsName`, `TTL` is `ttl`).
///
/// # Examples
/// ```
/// use hzscript::model::camel_case;
/// assert_eq!(camel_case("EFSVolumeConfiguration"), "efsVolumeConfiguration");
/// assert_eq!(camel_case("FSxWindowsFileServerVolumeConfiguration"), "fsxWindowsFileServerVolumeConfiguration");
/// ```
pub fn camel_case(cfn_name: &str) -> String {
    for (acronym, lower) in MIXED {
        if let Some(rest) = cfn_name.strip_prefix(acronym) {
            return format!("{lower}{rest}");
        }
    }
    let capitals = cfn_name.chars().take_while(char::is_ascii_uppercase).count();
    let next_is_lower = cfn_name[capitals..].starts_with(|c: char| c.is_ascii_lowercase());
    let lowered = if capitals > 1 && next_is_lower { capitals - 1 } else { capitals };
    cfn_name[..lowered].to_ascii_lowercase() + &cfn_name[lowered..]
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn acronyms_are_lowered_as_a_unit() {
        let pairs = [
            ("VpcId", "vpcId"),
            ("DNSName", "dnsName"),
            ("OKActions", "okActions"),
            ("TTL", "ttl"),
            ("IPv6Address", "ipv6Address"),
            ("Ipv6CidrBlock", "ipv6CidrBlock"),
            ("FSxWindowsFileServerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"),
            ("capacityProviders", "capacityProviders"),
            ("S3BucketName", "s3BucketName"),
        ];
        for (cfn, camel) in pairs {
            assert_eq!(camel_case(cfn), camel);
        }
    }
}
